// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions and variables of the host below 4 GiB, where a host without PIE has all of its own: below 2 GiB,
// and above, where an address that is extended by its sign is another one.
#include "tiercel/code_object.h"

#include "unit/support/engines.h"

#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace tiercel {
namespace {

/// A page at this address, or none if something is there.
class PageAt {
public:
  explicit PageAt(uintptr_t address)
      : page_(mmap(reinterpret_cast<void*>(address), 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(page_), address);
  }
  ~PageAt() { munmap(page_, 4096); }
  PageAt(const PageAt&) = delete;
  PageAt& operator=(const PageAt&) = delete;

  std::byte* at(size_t offset) const { return static_cast<std::byte*>(page_) + offset; }

private:
  void* page_;
};

bool isTakenBySanitizer([[maybe_unused]] uintptr_t address) {
#if __has_feature(address_sanitizer)
  return address >= 0x7fff8000;
#else
  return false;
#endif
}

constexpr uint8_t kAdd[] = {0x8d, 0x04, 0x37, 0xc3}; // lea (%rdi,%rsi), %eax ; ret

constexpr const char* kProgram = R"(
  declare i32 @hostAdd(i32, i32)
  declare i32 @hostAddToo(i32, i32)
  @hostData = external global i32
  @pointers = global [2 x ptr] [ptr @hostAdd, ptr @hostData]
  define i32 @go(i32 %x) {
    %d = load i32, ptr @hostData
    %r = call i32 @hostAdd(i32 %x, i32 %d)
    ret i32 %r
  }
  define i32 @tail(i32 %x, i32 %y) {
    %r = tail call i32 @hostAddToo(i32 %x, i32 %y)
    ret i32 %r
  }
  define i1 @is(ptr %p, ptr %q) {
    %a = icmp eq ptr %p, @hostAdd
    %b = icmp eq ptr %q, @hostData
    %r = and i1 %a, %b
    ret i1 %r
  }
  define ptr @function() { ret ptr @hostAdd }
  define ptr @variable() { ret ptr @hostData }
  define i64 @below(ptr %p) {
    %v = ptrtoint ptr %p to i64
    %d = ptrtoint ptr @hostData to i64
    %r = sub i64 %v, %d
    ret i64 %r
  }
  define i32 @through() {
    %f = load ptr, ptr @pointers
    %s = getelementptr [2 x ptr], ptr @pointers, i32 0, i32 1
    %p = load ptr, ptr %s
    %d = load i32, ptr %p
    %r = call i32 %f(i32 1, i32 %d)
    ret i32 %r
  }
)";

/// Where the page is, and the level of everything; -1: it is promoted.
class LowAddresses : public testing::TestWithParam<std::pair<uintptr_t, int>> {};

TEST_P(LowAddresses, OfTheHostAreCalledReadAndCompared) {
  const auto [address, tier] = GetParam();
  if (isTakenBySanitizer(address))
    GTEST_SKIP() << "AddressSanitizer keeps its books there";
  const PageAt page(address);
  std::byte* const code = page.at(0);
  std::memcpy(code, kAdd, sizeof kAdd);
  std::memcpy(page.at(64), kAdd, sizeof kAdd);
  auto* const data = reinterpret_cast<int*>(page.at(512));
  *data = 17;

  Options options;
  if (tier >= 0)
    options.fixedTier = static_cast<unsigned>(tier);
  const std::unique_ptr<Engine> engine = makeEngine(options);
  for (const auto& [name, where] :
       {std::pair<const char*, void*>{"hostAdd", code}, {"hostAddToo", page.at(64)}, {"hostData", data}})
    ASSERT_TRUE(engine->defineSymbol(name, where));
  addText(*engine, kProgram);
  auto* go = function<int(int)>(*engine, "go");
  auto* tail = function<int(int, int)>(*engine, "tail");
  ASSERT_TRUE(go && tail);
  for (int i = 0; i < (tier >= 0 ? 10 : 20000); ++i) {
    ASSERT_EQ(go(i), i + 17);
    ASSERT_EQ(tail(i, 3), i + 3);
  }
  EXPECT_TRUE(function<bool(void*, void*)>(*engine, "is")(code, data));
  EXPECT_FALSE(function<bool(void*, void*)>(*engine, "is")(code, code));
  EXPECT_EQ(function<void*()>(*engine, "function")(), code);
  EXPECT_EQ(function<void*()>(*engine, "variable")(), data);
  EXPECT_EQ(function<long(void*)>(*engine, "below")(page.at(0)), -512);
  EXPECT_EQ(function<int()>(*engine, "through")(), 18);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, LowAddresses,
                         testing::Values(std::pair{0x10000000UL, -1}, std::pair{0x10000000UL, 0},
                                         std::pair{0x10000000UL, 1}, std::pair{0x10000000UL, 2},
                                         std::pair{0x10000000UL, 3}, std::pair{0xc0000000UL, -1},
                                         std::pair{0xc0000000UL, 0}, std::pair{0xc0000000UL, 2},
                                         std::pair{0xc0000000UL, 3}));

TEST(LowAddressesOfCode, CodeObjectsCallTheHostAndThemselves) {
  constexpr uintptr_t kAddress = 0xc1000000;
  if (isTakenBySanitizer(kAddress))
    GTEST_SKIP() << "AddressSanitizer keeps its books there";
  const PageAt page(kAddress);
  std::memcpy(page.at(0), kAdd, sizeof kAdd);
  const std::unique_ptr<Engine> engine = makeEngine();
  ASSERT_TRUE(engine->defineSymbol("hostAdd", page.at(0)));
  addText(*engine, R"(
    declare i32 @hostAdd(i32, i32)
    @calls = global i32 0
    define i32 @helper(i32 %x) noinline {
      %c = load i32, ptr @calls
      %d = add i32 %c, 1
      store i32 %d, ptr @calls
      %r = call i32 @hostAdd(i32 %x, i32 1)
      ret i32 %r
    }
    define i32 @go(i32 %x) {
      %r = call i32 @helper(i32 %x)
      ret i32 %r
    })");
  for (void* at : {static_cast<void*>(nullptr), reinterpret_cast<void*>(0x20000000UL)}) {
    CodeObjectOptions options;
    options.at = at;
    Result<CodeObject> object = engine->makeCodeObject({"go"}, options);
    ASSERT_TRUE(object) << object.error().message();
    Result<int (*)(int)> go = object->lookup<int(int)>("go");
    ASSERT_TRUE(go) << go.error().message();
    EXPECT_EQ((*go)(4), 5);
  }
}

} // namespace
} // namespace tiercel
