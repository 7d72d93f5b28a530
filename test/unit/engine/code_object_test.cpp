// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/code_object.h"

#include "unit/support/engines.h"
#include "unit/support/far.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {
constexpr std::byte kUntouched{0xa5};
/// A client's memory: one block with two mappings, run through one and written through the other. Sections
/// have a margin around them that nobody may touch.
class DualMemory : public CodeMemory {
public:
  static constexpr size_t kPart = 64 << 10;
  static constexpr size_t kMargin = 4096 + 64;

  ~DualMemory() override { EXPECT_EQ(live_, 0) << "something was not released"; }

  Result<Placement> allocate(const SectionSizes& sizes) override {
    calls.push_back("allocate");
    told = sizes;
    if (failAllocate)
      return Error(ErrorKind::Environment, "client", "no memory today");
    const int file = memfd_create("code", 0);
    EXPECT_EQ(ftruncate(file, 3 * kPart), 0);
    const auto map = [&](int protection) {
      return static_cast<std::byte*>(mmap(nullptr, 3 * kPart, protection, MAP_SHARED, file, 0));
    };
    run_ = map(PROT_READ);
    write_ = map(PROT_READ | PROT_WRITE);
    close(file);
    std::memset(write_, static_cast<int>(kUntouched), 3 * kPart);
    ++live_;
    const auto place = [&](size_t part) {
      return SectionPlace{run_ + part * kPart + kMargin, write_ + part * kPart + kMargin};
    };
    return Placement{place(0), place(1), place(2), this};
  }
  Status finish(const Placement& placement, const SectionSizes& sizes) override {
    calls.push_back("finish");
    EXPECT_EQ(placement.cookie, this);
    const size_t used[] = {sizes.code.size, sizes.readOnly.size, sizes.writable.size};
    for (size_t part = 0; part < 3; ++part)
      checkMargins(write_ + part * kPart, used[part]);
    if (failFinish)
      return Error(ErrorKind::Environment, "client", "cannot protect");
    mprotect(run_, kPart, PROT_READ | PROT_EXEC);
    mprotect(run_ + 2 * kPart, kPart, PROT_READ | PROT_WRITE);
    return {};
  }
  void release(const Placement& placement, const SectionSizes&) override {
    calls.push_back("release");
    EXPECT_EQ(placement.code.run, run_ + kMargin);
    munmap(run_, 3 * kPart);
    munmap(write_, 3 * kPart);
    --live_;
  }

  std::vector<std::string> calls;
  SectionSizes told;
  bool failAllocate = false;
  bool failFinish = false;

private:
  static void checkMargins(const std::byte* part, size_t used) {
    for (size_t i = 0; i < kPart; ++i) {
      const bool inside = i >= kMargin && i < kMargin + used;
      if (!inside && part[i] != kUntouched) {
        ADD_FAILURE() << "byte " << i << " was written; the section has " << used << " at " << kMargin;
        return;
      }
    }
    // The last word is the section's too: sizes are not rounded up.
    if (used >= 8)
      EXPECT_NE(std::memcmp(part + kMargin + used - 8, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8), 0);
  }

  std::byte* run_ = nullptr;
  std::byte* write_ = nullptr;
  int live_ = 0;
};

using Calls = std::vector<std::string>;

CodeObject makeObject(Engine& engine, const std::vector<std::string>& functions,
                      const CodeObjectOptions& options = {}) {
  Result<CodeObject> object = engine.makeCodeObject(functions, options);
  if (!object) {
    ADD_FAILURE() << object.error().message();
    std::abort(); // nothing of the test makes sense without it
  }
  return std::move(*object);
}

template <typename Fn> Fn* function(const CodeObject& object, std::string_view name) {
  Result<Fn*> found = object.lookup<Fn>(name);
  EXPECT_TRUE(found) << found.error().message();
  return found ? *found : nullptr;
}

template <typename T> T* variable(const CodeObject& object, std::string_view name) {
  Result<void*> found = object.lookupData(name);
  EXPECT_TRUE(found) << found.error().message();
  return found ? static_cast<T*>(*found) : nullptr;
}

std::string refusal(Engine& engine, const std::vector<std::string>& functions,
                    const CodeObjectOptions& options = {}) {
  Result<CodeObject> object = engine.makeCodeObject(functions, options);
  return object ? "it was made" : object.error().message();
}

std::unique_ptr<Engine> engineWithC(std::string_view source, const std::string& name = "module.c") {
  std::unique_ptr<Engine> engine = makeEngine();
  const std::string path = testing::TempDir() + std::to_string(getpid()) + "-" + name;
  std::ofstream(path) << source;
  const Status status = engine->addFile(path);
  EXPECT_TRUE(status) << status.error().message();
  unlink(path.c_str());
  return engine;
}

bool contains(const SectionPlace& place, const SectionSize& size, const void* address) {
  return address >= place.run && address < place.run + size.size;
}

const char* const kCounting = R"(
#include <stdio.h>
#include <string.h>
int count = 40;
static int step(int by) { return count += by; }
int bump(void) { return step(1); }
unsigned long describe(char* text, unsigned long size) {
  snprintf(text, size, "count is %d", count);
  return strlen(text);
}
)";

TEST(CodeObject, RunsAtEveryTierWithVariablesOfItsOwn) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  EXPECT_EQ(function<int()>(*engine, "bump")(), 41);
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    const CodeObject object = makeObject(*engine, {"bump", "describe"}, {.tier = tier});
    auto* bump = function<int()>(object, "bump");
    EXPECT_EQ(bump(), 41); // its own, from the initial value
    EXPECT_EQ(bump(), 42);
    EXPECT_EQ(*variable<int>(object, "count"), 42);
    char text[32];
    EXPECT_EQ((*object.lookup<unsigned long(void*, unsigned long)>("describe"))(text, sizeof text), 11U);
    EXPECT_STREQ(text, "count is 42");
  }
  EXPECT_EQ(*variable<int>(*engine, "count"), 41);
}

TEST(CodeObject, ChecksWhatIsAskedFor) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  const CodeObject object = makeObject(*engine, {"bump"});
  EXPECT_EQ(object.lookup<int(int)>("bump").error().message(),
            "bump: asked for as 'i32 (i32)', but it is 'i32 ()'");
  EXPECT_EQ(object.lookupFunction("describe").error().kind(), ErrorKind::MissingSymbol);
  EXPECT_EQ(object.lookupData("bump").error().kind(), ErrorKind::MissingSymbol);
  EXPECT_EQ(refusal(*engine, {}), "code object: no functions were asked for");
  EXPECT_EQ(refusal(*engine, {"count"}), "count: the program defines no such function in IR");
  EXPECT_EQ(refusal(*engine, {"bump"}, {.tier = 4}), "tier 4: tiers are 0 to 3");
  DualMemory memory;
  EXPECT_EQ(refusal(*engine, {"bump"}, {.memory = &memory, .at = kFar}),
            "code object: memory of the client's chooses its addresses itself");
  EXPECT_EQ(memory.calls, Calls());
}

TEST(CodeObject, TellsExactSizesAndWritesNothingElse) {
  DualMemory memory;
  {
    std::unique_ptr<Engine> engine = engineWithC(kCounting);
    const CodeObject object = makeObject(*engine, {"bump", "describe"}, {.memory = &memory});
    EXPECT_EQ(memory.calls, (Calls{"allocate", "finish"}));
    EXPECT_GT(memory.told.code.size, 0U);
    EXPECT_GT(memory.told.readOnly.size, 0U);
    EXPECT_EQ(memory.told.writable.size, sizeof(int));
    EXPECT_EQ(object.sizes().code.size, memory.told.code.size);
    EXPECT_TRUE(contains(object.placement().code, memory.told.code, *object.lookupFunction("bump")));
    EXPECT_TRUE(contains(object.placement().writable, memory.told.writable, *object.lookupData("count")));
    EXPECT_EQ(function<int()>(object, "bump")(), 41);
  }
  EXPECT_EQ(memory.calls, (Calls{"allocate", "finish", "release"}));
}

TEST(CodeObject, FailuresOfMemoryLeaveNothing) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  DualMemory memory;
  memory.failAllocate = true;
  EXPECT_EQ(refusal(*engine, {"bump"}, {.memory = &memory}), "client: no memory today");
  EXPECT_EQ(memory.calls, Calls{"allocate"});
  memory.calls.clear();
  memory.failAllocate = false;
  memory.failFinish = true;
  EXPECT_EQ(refusal(*engine, {"bump"}, {.memory = &memory}), "client: cannot protect");
  EXPECT_EQ(memory.calls, (Calls{"allocate", "finish", "release"}));
  memory.calls.clear();
  memory.failFinish = false;
  const CodeObject object = makeObject(*engine, {"bump"}, {.memory = &memory});
  EXPECT_EQ(function<int()>(object, "bump")(), 41);
}

TEST(CodeObject, MisalignedPlacesAreRefused) {
  class Misaligned : public DualMemory {
  public:
    Result<Placement> allocate(const SectionSizes& sizes) override {
      Result<Placement> placement = DualMemory::allocate(sizes);
      placement->writable.run += 1;
      return placement;
    }
  };
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  Misaligned memory;
  EXPECT_EQ(refusal(*engine, {"bump"}, {.memory = &memory}),
            "code memory: a section's place is missing or not aligned as asked");
  EXPECT_EQ(memory.calls, (Calls{"allocate", "release"}));
}

TEST(CodeObject, HonoursAChosenAddressFarFromEverything) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  char text[32];
  {
    const CodeObject object = makeObject(*engine, {"bump", "describe"}, {.at = kFar});
    EXPECT_EQ(object.placement().code.run, kFar);
    EXPECT_EQ(function<int()>(object, "bump")(), 41);
    EXPECT_EQ((*object.lookup<unsigned long(void*, unsigned long)>("describe"))(text, sizeof text), 11U);
    EXPECT_EQ(refusal(*engine, {"bump"}, {.at = kFar}), textOf(kFar) + ": something else is mapped there");
    EXPECT_EQ(function<int()>(object, "bump")(), 42);
  }
  // Given back with the object. The code need not begin a page.
  void* inside = static_cast<std::byte*>(kFar) + 0x340;
  const CodeObject again = makeObject(*engine, {"bump"}, {.at = inside});
  EXPECT_EQ(again.placement().code.run, inside);
  EXPECT_EQ(function<int()>(again, "bump")(), 41);
  EXPECT_EQ(refusal(*engine, {"bump"}, {.at = static_cast<std::byte*>(kFarther) + 1}),
            textOf(static_cast<std::byte*>(kFarther) + 1) + ": code needs an address aligned to 16");
  EXPECT_EQ(refusal(*engine, {"bump"}, {.at = reinterpret_cast<void*>(~uintptr_t(15))}),
            "0xfffffffffffffff0: the code would not end within the address space");
  if (!kMayAskForAnyAddress)
    return;
  EXPECT_EQ(refusal(*engine, {"bump"}, {.at = reinterpret_cast<void*>(0x900000000000)}),
            "0x900000000000: programs cannot have memory there");
}

/// Of the mapping that holds an address, as /proc/self/maps writes it.
std::string protectionOf(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto where = reinterpret_cast<uintptr_t>(address);
  for (std::string range, protection, rest; maps >> range >> protection && std::getline(maps, rest);) {
    const size_t dash = range.find('-');
    if (where >= std::stoul(range, nullptr, 16) && where < std::stoul(range.substr(dash + 1), nullptr, 16))
      return protection;
  }
  return "nothing";
}

TEST(CodeObject, NothingIsWritableAndExecutable) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  const CodeObject object = makeObject(*engine, {"bump", "describe"});
  EXPECT_EQ(protectionOf(object.placement().code.run), "r-xp");
  EXPECT_EQ(protectionOf(object.placement().readOnly.run), "r--p");
  EXPECT_EQ(protectionOf(object.placement().writable.run), "rw-p");
}

TEST(CodeObject, LargeAlignmentsHold) {
  std::unique_ptr<Engine> engine = engineWithC("__attribute__((aligned(65536))) int wide = 7;\n"
                                               "int* where(void) { return &wide; }\n");
  for (void* at : {static_cast<void*>(nullptr), kFar}) {
    const CodeObject object = makeObject(*engine, {"where"}, {.at = at});
    int* wide = static_cast<int*>(function<void*()>(object, "where")());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(wide) % 65536, 0U);
    EXPECT_EQ(*wide, 7);
  }
}

// --- what a name means ------------------------------------------------------------------------------------

TEST(CodeObject, ReachesAcrossModulesAndKeepsInternalNamesApart) {
  std::unique_ptr<Engine> engine = makeEngine();
  addText(*engine, R"(
@shared = external global i32
define internal i32 @helper() {
  %v = load i32, ptr @shared
  ret i32 %v
}
declare i32 @other()
define i32 @one() {
  %a = call i32 @helper()
  %b = call i32 @other()
  %sum = add i32 %a, %b
  ret i32 %sum
}
define i32 @back() {
  store i32 500, ptr @shared
  %v = call i32 @helper()
  ret i32 %v
}
define weak i32 @both() { ret i32 1 }
)",
          "one.ll");
  addText(*engine, R"(
@shared = global i32 1000
@tentative = common global i32 0
@alias = alias i32, ptr @shared
@second = alias i32, getelementptr (i8, ptr @pair, i64 4)
@pair = global [2 x i32] [i32 3, i32 20000]
define internal i32 @helper() { ret i32 7 }
declare i32 @back()
define i32 @both() { ret i32 100000 }
define i32 @other() {
  %a = call i32 @helper()
  %b = call i32 @back()
  %c = load i32, ptr @alias
  %d = load i32, ptr @second
  %e = call i32 @both()
  %ab = add i32 %a, %b
  %abc = add i32 %ab, %c
  %abcd = add i32 %abc, %d
  %abcde = add i32 %abcd, %e
  %t = load i32, ptr @tentative
  %all = add i32 %abcde, %t
  ret i32 %all
}
)",
          "two.ll");
  for (unsigned tier : {0U, 3U}) {
    const CodeObject object = makeObject(*engine, {"one"}, {.tier = tier});
    EXPECT_EQ(function<int()>(object, "one")(), 1000 + 7 + 500 + 500 + 20000 + 100000);
    EXPECT_EQ(*variable<int>(object, "shared"), 500);
  }
}

int hostCalls = 0;
void hostFunction() { ++hostCalls; }

TEST(CodeObject, BindsToTheHostAndToNothing) {
  std::unique_ptr<Engine> engine = makeEngine();
  addText(*engine, R"(
declare void @host_function()
declare extern_weak i32 @nobody_has_this()
define i32 @run() {
  call void @host_function()
  %there = icmp ne ptr @nobody_has_this, null
  %result = zext i1 %there to i32
  ret i32 %result
}
)");
  EXPECT_EQ(refusal(*engine, {"run"}), "code object: nothing defines 'host_function'");
  EXPECT_TRUE(engine->defineSymbol("host_function", reinterpret_cast<void*>(&hostFunction)));
  const CodeObject object = makeObject(*engine, {"run"}, {.at = kFar});
  engine.reset();
  hostCalls = 0;
  EXPECT_EQ(function<int()>(object, "run")(), 0);
  EXPECT_EQ(hostCalls, 1);
}

TEST(CodeObject, ComputedGotoAndSwitchTables) {
  std::unique_ptr<Engine> engine = engineWithC(R"(
int interpret(const char* code) {
  static const void* const table[] = {&&add, &&twice, &&done};
  int value = 0;
  goto *table[*code++ - '0'];
add: value += 1; goto *table[*code++ - '0'];
twice: value *= 2; goto *table[*code++ - '0'];
done: return value;
}
const char* word(int i) {
  switch (i) { case 0: return "zero"; case 1: return "one"; case 2: return "two"; case 3: return "three"; }
  return "many";
}
)");
  CodeObject object = makeObject(*engine, {"interpret", "word"}, {.at = kFar});
  EXPECT_EQ((*object.lookup<int(const void*)>("interpret"))("00101"
                                                            "2"),
            10);
  EXPECT_STREQ(static_cast<const char*>(function<void*(int)>(object, "word")(2)), "two");
  ASSERT_TRUE(object.relocate(kFarther));
  EXPECT_EQ((*object.lookup<int(const void*)>("interpret"))("00101"
                                                            "2"),
            10);
  EXPECT_STREQ(static_cast<const char*>(function<void*(int)>(object, "word")(3)), "three");
}

// --- after the engine -------------------------------------------------------------------------------------

void hostThrow(int value) { throw std::runtime_error("host " + std::to_string(value)); }

const char* const kThrowing = R"(
#include <stdexcept>
#include <string>
extern "C" void host_throw(int);
static int cleaned = 0;
struct Cleanup { ~Cleanup() { ++cleaned; } };
struct Own { int value; };
extern "C" int cleanups() { return cleaned; }
extern "C" int through(int value) {
  Cleanup cleanup;
  host_throw(value);
  return 0;
}
extern "C" int catches(int value) {
  try {
    if (value < 0) throw Own{value};
    through(value);
  } catch (const std::runtime_error& error) {
    return static_cast<int>(std::string(error.what()).size());
  } catch (const Own& own) {
    return own.value;
  }
  return 0;
}
)";

TEST(CodeObject, ExceptionsUnwindAfterTheEngineIsGone) {
  std::unique_ptr<Engine> engine = engineWithC(kThrowing, "throwing.cpp");
  ASSERT_TRUE(engine->defineSymbol("host_throw", reinterpret_cast<void*>(&hostThrow)));
  CodeObject near = makeObject(*engine, {"through", "catches", "cleanups"});
  CodeObject far = makeObject(*engine, {"through", "catches", "cleanups"}, {.tier = 0, .at = kFar});
  EXPECT_EQ(function<int(int)>(near, "catches")(12), 7); // with the engine's lookup in place
  engine.reset();
  ASSERT_TRUE(near.relocate(kFarther));
  for (const CodeObject* object : {&near, &far}) {
    EXPECT_EQ(function<int(int)>(*object, "catches")(12345), 10);
    EXPECT_EQ(function<int(int)>(*object, "catches")(-3), -3);
    const int before = function<int()>(*object, "cleanups")();
    EXPECT_THROW(function<int(int)>(*object, "through")(1), std::runtime_error);
    EXPECT_EQ(function<int()>(*object, "cleanups")(), before + 1);
  }
}

TEST(CodeObject, EnginesAndObjectsUnwindTogether) {
  std::unique_ptr<Engine> engine = engineWithC(kThrowing, "throwing.cpp");
  ASSERT_TRUE(engine->defineSymbol("host_throw", reinterpret_cast<void*>(&hostThrow)));
  const CodeObject object = makeObject(*engine, {"through"}, {.at = kFar});
  // Through a frame of an object, one of the host and one of another engine.
  std::unique_ptr<Engine> other = engineWithC(R"(
extern "C" int in_object(int);
extern "C" int outer(int value) { try { return in_object(value); } catch (...) { return 99; } }
)",
                                              "outer.cpp");
  ASSERT_TRUE(other->defineSymbol("in_object", *object.lookupFunction("through")));
  EXPECT_EQ(function<int(int)>(*other, "outer")(5), 99);
  engine.reset();
  EXPECT_EQ(function<int(int)>(*other, "outer")(5), 99);
}

TEST(CodeObject, SeveralLiveAndDieOnTheirOwn) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  std::vector<CodeObject> objects;
  std::vector<int> counts;
  for (int i = 0; i < 20; ++i) {
    objects.push_back(makeObject(*engine, {"bump"}, {.tier = i % 2 ? 3U : 0U}));
    counts.push_back(40);
  }
  engine.reset();
  while (!objects.empty()) {
    for (size_t i = 0; i < objects.size(); ++i) {
      for (size_t n = 0; n <= i; ++n)
        EXPECT_EQ(function<int()>(objects[i], "bump")(), ++counts[i]);
    }
    const auto middle = static_cast<ptrdiff_t>(objects.size() / 2);
    objects.erase(objects.begin() + middle);
    counts.erase(counts.begin() + middle);
  }
}

TEST(CodeObject, MovingTheOwnerMovesNothing) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  DualMemory first, second;
  CodeObject object = makeObject(*engine, {"bump"}, {.memory = &first});
  auto* bump = function<int()>(object, "bump");
  CodeObject other = std::move(object);
  EXPECT_EQ(bump(), 41);
  // NOLINTBEGIN(bugprone-use-after-move): nothing is what one that was moved from has
  EXPECT_EQ(object.lookupFunction("bump").error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(object.lookupData("count").error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(object.relocate().error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(object.relocate(second).error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(object.sizes().code.size + reinterpret_cast<uintptr_t>(object.placement().code.run), 0U);
  // NOLINTEND(bugprone-use-after-move)
  EXPECT_EQ(function<int()>(other, "bump"), bump);
  other = makeObject(*engine, {"bump"}, {.memory = &second});
  EXPECT_EQ(first.calls, (Calls{"allocate", "finish", "release"}));
  EXPECT_EQ(function<int()>(other, "bump")(), 41);
}

// --- moving -----------------------------------------------------------------------------------------------

const char* const kMoving = R"(
struct Node { struct Node* next; int value; };
static struct Node last = {0, 3};
struct Node first = {&last, 1};
static struct Node spare = {0, 100};
struct Node* head = 0;
static int one(void) { return 1; }
static int two(void) { return 2; }
int (*operations[2])(void) = {one, two};
int (*chosen)(void) = 0;
unsigned long number = 0;
unsigned long address = (unsigned long)&first;
char* outside = 0;
char* end = 0;
char buffer[8];
int counter = 10;
void prepare(char* foreign) {
  head = &first;
  last.next = &spare;
  chosen = operations[1];
  operations[0] = two;
  number = (unsigned long)&first;
  outside = foreign;
  end = buffer + sizeof buffer;
  counter++;
}
int sum(void) {
  int total = counter + chosen() * 1000 + operations[0]() * 10000;
  for (struct Node* node = head; node; node = node->next) total += node->value;
  return total;
}
int consistent(void) {
  return head == &first && first.next == &last && last.next == &spare && chosen == two &&
         end == buffer + sizeof buffer && address == (unsigned long)&first;
}
)";

TEST(CodeObject, VariablesAndPointersAmongThemMoveAlong) {
  std::unique_ptr<Engine> engine = engineWithC(kMoving);
  for (unsigned tier : {0U, 3U}) {
    DualMemory memory, next;
    {
      CodeObject object =
          makeObject(*engine, {"prepare", "sum", "consistent"}, {.tier = tier, .memory = &memory});
      char foreign = 'f';
      function<void(void*)>(object, "prepare")(&foreign);
      const int expected = 11 + 2000 + 20000 + 1 + 3 + 100;
      EXPECT_EQ(function<int()>(object, "sum")(), expected);
      const auto oldFirst = reinterpret_cast<uintptr_t>(*object.lookupData("first"));
      void* const oldSum = *object.lookupFunction("sum");

      Result<CodeMove> move = object.relocate(next);
      ASSERT_TRUE(move) << move.error().message();
      EXPECT_EQ(memory.calls, (Calls{"allocate", "finish", "release"}));
      EXPECT_EQ(next.told.writable.size, memory.told.writable.size);
      EXPECT_EQ(function<int()>(object, "sum")(), expected);
      EXPECT_EQ(function<int()>(object, "consistent")(), 1);
      EXPECT_EQ((*move)(oldSum), *object.lookupFunction("sum"));
      EXPECT_EQ((*move)(&foreign), &foreign);
      EXPECT_EQ(*variable<char*>(object, "outside"), &foreign);
      const auto newFirst = reinterpret_cast<uintptr_t>(*object.lookupData("first"));
      EXPECT_NE(newFirst, oldFirst);
      // A number that the linker computed and nobody changed follows; one that the program stored does not.
      EXPECT_EQ(*variable<uintptr_t>(object, "address"), newFirst);
      EXPECT_EQ(*variable<uintptr_t>(object, "number"), oldFirst);

      ASSERT_TRUE(object.relocate(kFar));
      EXPECT_EQ(next.calls, (Calls{"allocate", "finish", "release"}));
      EXPECT_EQ(object.placement().code.run, kFar);
      EXPECT_EQ(function<int()>(object, "sum")(), expected);
    }
    EXPECT_EQ(memory.calls.size(), 3U);
    EXPECT_EQ(next.calls.size(), 3U);
  }
}

TEST(CodeObject, ConstantsWithAddressesMove) {
  std::unique_ptr<Engine> engine = engineWithC(R"(
static int one(void) { return 1; }
static int two(void) { return 2; }
static int (*const table[])(void) = {one, two};
int pick(int i) { return table[i](); }
)");
  CodeObject object = makeObject(*engine, {"pick"}, {.tier = 0});
  engine.reset();
  EXPECT_EQ(function<int(int)>(object, "pick")(1), 2);
  ASSERT_TRUE(object.relocate());
  EXPECT_EQ(function<int(int)>(object, "pick")(0), 1);
  EXPECT_EQ(function<int(int)>(object, "pick")(1), 2);
}

TEST(CodeObject, FailedMovesChangeNothing) {
  std::unique_ptr<Engine> engine = engineWithC(kCounting);
  DualMemory memory;
  CodeObject object = makeObject(*engine, {"bump"}, {.at = kFar});
  EXPECT_EQ(function<int()>(object, "bump")(), 41);
  EXPECT_EQ(object.relocate(kFar).error().message(), textOf(kFar) + ": something else is mapped there");
  memory.failAllocate = true;
  EXPECT_EQ(object.relocate(memory).error().message(), "client: no memory today");
  memory.failAllocate = false;
  memory.failFinish = true;
  EXPECT_EQ(object.relocate(memory).error().message(), "client: cannot protect");
  EXPECT_EQ(memory.calls, (Calls{"allocate", "allocate", "finish", "release"}));
  EXPECT_EQ(object.placement().code.run, kFar);
  EXPECT_EQ(function<int()>(object, "bump")(), 42);
}

std::vector<int> destroyed;
void noteDestroyed(int which) { destroyed.push_back(which); }

TEST(CodeObject, ItsStaticObjectsEndWithIt) {
  std::unique_ptr<Engine> engine = engineWithC(R"(
#include <cstdlib>
extern "C" void note(int);
struct Thing { int id; Thing(int i) : id(i) {} ~Thing() { note(id); } };
extern "C" int use() { static Thing thing(7); return thing.id++; }
extern "C" void last() { note(1); }
extern "C" int later() { return atexit(last); }
)",
                                               "statics.cpp");
  ASSERT_TRUE(engine->defineSymbol("note", reinterpret_cast<void*>(&noteDestroyed)));
  destroyed.clear();
  {
    CodeObject object = makeObject(*engine, {"use", "later"});
    engine.reset();
    EXPECT_EQ(function<int()>(object, "use")(), 7);
    EXPECT_EQ(function<int()>(object, "later")(), 0);
    ASSERT_TRUE(object.relocate(kFar)); // the handlers follow
    EXPECT_EQ(function<int()>(object, "use")(), 8);
    EXPECT_EQ(destroyed, std::vector<int>());
  }
  EXPECT_EQ(destroyed, (std::vector<int>{1, 9}));
}

// --- refused ----------------------------------------------------------------------------------------------

TEST(CodeObject, RefusesWhatItCannotOwn) {
  std::unique_ptr<Engine> engine = makeEngine();
  addText(*engine, R"(
module asm ".globl in_assembly"
module asm "in_assembly: ret"
declare void @in_assembly()
@thread = thread_local global i32 1
@chosen = ifunc void (), ptr @resolver
define internal ptr @resolver() { ret ptr @uses_assembly }
define void @uses_assembly() {
  call void @in_assembly()
  ret void
}
define i32 @uses_thread() {
  %p = call ptr @llvm.threadlocal.address.p0(ptr @thread)
  %v = load i32, ptr %p
  ret i32 %v
}
define void @uses_ifunc() {
  call void @chosen()
  ret void
}
define void @collects() gc "shadow-stack" { ret void }
declare ptr @llvm.threadlocal.address.p0(ptr)
)");
  EXPECT_EQ(refusal(*engine, {"uses_assembly"}),
            "code object: 'in_assembly': it is defined in a native object "
            "or by module-level assembly, which the engine owns");
  EXPECT_EQ(refusal(*engine, {"uses_thread"}), "code object: 'thread': it is thread-local");
  EXPECT_EQ(refusal(*engine, {"uses_ifunc"}), "code object: 'chosen': it is an ifunc");
  EXPECT_EQ(refusal(*engine, {"chosen"}), "code object: 'chosen': it is an ifunc");
  EXPECT_EQ(refusal(*engine, {"collects"}),
            "code object: 'collects': it has a garbage collection strategy ('gc \"shadow-stack\"')");
}

TEST(CodeObject, RefusesVariablesOfStaticConstructors) {
  std::unique_ptr<Engine> engine = engineWithC(R"(
extern "C" int compute() { return 3; }
int computed = compute();
const int fixed = 4;
int plain = 5;
extern "C" int uses_computed() { return computed; }
extern "C" int uses_plain() { return plain + fixed; }
)",
                                               "constructed.cpp");
  EXPECT_EQ(refusal(*engine, {"uses_computed"}),
            "code object: 'computed': a static constructor initialises it, and code objects run none");
  const CodeObject object = makeObject(*engine, {"uses_plain"});
  EXPECT_EQ(function<int()>(object, "uses_plain")(), 9);
}

TEST(CodeObject, RefusesBadIr) {
  std::unique_ptr<Engine> engine = engineWith(R"(
define i32 @hidden_fault(i32 %x) {
  %y = call i32 asm "no such instruction", "=r"()
  ret i32 %y
}
)");
  EXPECT_NE(refusal(*engine, {"hidden_fault"}).find("code object: its inline assembly cannot be assembled"),
            std::string::npos);
}

} // namespace
} // namespace tiercel
