// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Libraries of the program's find its memory by dl_iterate_phdr. This executable is a host whose link lets
// the engine's own come before the C library's, and asks both.
#include "link/library_reservation.h"
#include "unit/support/arenas.h"
#include "unit/support/living.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <dlfcn.h>
#include <fstream>
#include <link.h>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <thread>

extern "C" void* __tls_get_addr(size_t place[2]);

namespace tiercel {
namespace {

using Callback = int (*)(dl_phdr_info*, size_t, void*);
using Iterate = int (*)(Callback, void*);

Iterate ofLibc() {
  void* const libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  return reinterpret_cast<Iterate>(dlsym(libc, "dl_iterate_phdr"));
}

struct Found {
  std::string library;
  size_t rest = 0; ///< of the segment, from the address on
  uint32_t flags = 0;
  uintptr_t loadBase = 0;
  size_t threadModule = 0; ///< of the image, if it has thread-locals
};

struct Search {
  uintptr_t address;
  std::optional<Found> found;
};

/// Like all readers it knows nothing of who writes (segment_table.h).
[[clang::no_sanitize("thread")]] int searchHeaders(dl_phdr_info* info, size_t, void* data) {
  auto& wanted = *static_cast<Search*>(data);
  for (const ElfW(Phdr)* header = info->dlpi_phdr; header != info->dlpi_phdr + info->dlpi_phnum; ++header) {
    const uintptr_t offset = wanted.address - (info->dlpi_addr + header->p_vaddr);
    if (header->p_type == PT_LOAD && offset < header->p_memsz)
      wanted.found = {info->dlpi_name, header->p_memsz - offset, header->p_flags, info->dlpi_addr,
                      info->dlpi_tls_modid};
  }
  return wanted.found ? 1 : 0;
}

/// As collectors look for roots.
std::optional<Found> find(const void* address, Iterate iterate = ofLibc()) {
  Search search{reinterpret_cast<uintptr_t>(address), {}};
  iterate(searchHeaders, &search);
  return search.found;
}

std::unique_ptr<Arena> arenaInLibrary() {
  Result<std::unique_ptr<Reservation>> library = reserveInLibrary(Arena::kReservedBytes);
  EXPECT_TRUE(library) << library.error().message();
  Result<std::unique_ptr<Arena>> arena = Arena::create({}, std::move(*library));
  EXPECT_TRUE(arena) << arena.error().message();
  return std::move(*arena);
}

constexpr size_t kLarge = Arena::kLargestNearData + 1;

TEST(LibraryReservation, TheLoaderKnowsWhatIsMapped) {
  auto arena = arenaInLibrary();
  std::byte* const near = data(*arena, 100);
  std::byte* const large = data(*arena, kLarge);
  const CodeBlock block = codeWith(*arena, kReturn42);
  for (const Iterate iterate : {ofLibc(), &dl_iterate_phdr}) {
    EXPECT_EQ(find(near, iterate).value_or(Found()).flags, uint32_t(PF_R | PF_W));
    EXPECT_EQ(find(large, iterate).value_or(Found()).flags, uint32_t(PF_R | PF_W));
    EXPECT_GE(find(large, iterate).value_or(Found()).rest, kLarge);
    EXPECT_EQ(find(block.exec, iterate).value_or(Found()).flags, uint32_t(PF_R | PF_X));
    EXPECT_FALSE(find(near + (200 << 20), iterate)) << "reserved, but not in use";
  }
  EXPECT_EQ(run(block), 42);

  Dl_info known;
  ASSERT_NE(dladdr(near, &known), 0);
  EXPECT_EQ(find(near)->library, known.dli_fname);
  // Whoever holds libraries by their names finds it.
  void* const again = dlopen(known.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  EXPECT_NE(again, nullptr);
  dlclose(again);

  arena.reset();
  EXPECT_FALSE(find(near));
  EXPECT_FALSE(find(large));
  EXPECT_EQ(dladdr(near, &known), 0);
  EXPECT_EQ(protectionOf(near), "unmapped");
}

/// Of the mapping around an address, from /proc/self/smaps.
std::string flagsOf(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    if (fields >> std::hex >> begin >> dash >> end && dash == '-')
      inside = reinterpret_cast<uintptr_t>(address) - begin < end - begin;
    else if (inside && line.starts_with("VmFlags:"))
      return line + " ";
  }
  return "";
}

// A small system would refuse a gigabyte, and one that promises no more than it has would run short.
TEST(LibraryReservation, DataThatIsNotThereIsNotPromised) {
  const auto arena = arenaInLibrary();
  EXPECT_THAT(flagsOf(data(*arena, 1)), testing::HasSubstr(" nr "));               // no reserve
  EXPECT_THAT(flagsOf(data(*arena, 1)), testing::Not(testing::HasSubstr(" ac "))); // accounted
}

TEST(LibraryReservation, FreedMemoryIsNotShown) {
  const auto arena = arenaInLibrary();
  std::byte* const large = data(*arena, kLarge);
  EXPECT_TRUE(find(large));
  arena->freeData(large, kLarge, 1);
  EXPECT_FALSE(find(large));
}

TEST(LibraryReservation, WhoHoldsTheLibraryHoldsNoMemory) {
  auto arena = arenaInLibrary();
  std::byte* const near = data(*arena, 100);
  Dl_info known;
  ASSERT_NE(dladdr(near, &known), 0);
  void* const held = dlopen(known.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  arena.reset();
  EXPECT_FALSE(find(near));
  EXPECT_EQ(protectionOf(near), "---p"); // reserved until the library goes
  dlclose(held);
  EXPECT_EQ(protectionOf(near), "unmapped");
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // whose dl_iterate_phdr comes first
struct Counts {
  uint64_t adds = 0, subs = 0;
  bool operator==(const Counts&) const = default;
};

Counts counts(Iterate iterate) {
  Counts result;
  iterate(
      [](dl_phdr_info* info, size_t, void* data) {
        *static_cast<Counts*>(data) = {info->dlpi_adds, info->dlpi_subs};
        return 0;
      },
      &result);
  return result;
}

TEST(LibraryReservation, ChangesMoveTheCountsOfLibraries) {
  const auto arena = arenaInLibrary();
  const Iterate ours = &dl_iterate_phdr;
  const Counts before = counts(ours), natively = counts(ofLibc());
  std::byte* const large = data(*arena, kLarge);
  EXPECT_EQ(counts(ours), (Counts{before.adds + 1, before.subs}));
  arena->freeData(large, kLarge, 1);
  EXPECT_EQ(counts(ours), (Counts{before.adds + 1, before.subs + 1}));
  EXPECT_EQ(counts(ofLibc()), natively);
}

TEST(LibraryReservation, IteratingStopsAndReturnsAsTheCallbackSays) {
  static int calls;
  const auto stopAtSecond = [](dl_phdr_info* info, size_t size, void* data) {
    EXPECT_GE(size, sizeof *info);
    EXPECT_EQ(data, &calls);
    return ++calls == 2 ? 77 : 0;
  };
  calls = 0;
  EXPECT_EQ(dl_iterate_phdr(stopAtSecond, &calls), 77);
  EXPECT_EQ(calls, 2);
}

TEST(LibraryReservation, ACallbackMayThrow) {
  EXPECT_THROW(dl_iterate_phdr([](dl_phdr_info*, size_t, void*) -> int { throw 7; }, nullptr), int);
  EXPECT_TRUE(find(reinterpret_cast<void*>(&ofLibc), &dl_iterate_phdr));
}
#endif

// libgcc asks the loader for the image around an address, and reads its index of frame descriptions.
TEST(LibraryReservation, UnwindersFindNoFramesInIt) {
  const auto arena = arenaInLibrary();
  const CodeBlock block = codeWith(*arena, kReturn42);
  void* const libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(libgcc, nullptr);
  const auto findFrame = reinterpret_cast<const void* (*)(void*, void*)>(dlsym(libgcc, "_Unwind_Find_FDE"));
  void* bases[3];
  EXPECT_EQ(findFrame(block.exec, &bases), nullptr);
  EXPECT_EQ(findFrame(block.exec + (16 << 20), &bases), nullptr);
  EXPECT_EQ(findFrame(data(*arena, 1), &bases), nullptr);
  EXPECT_NE(findFrame(reinterpret_cast<void*>(&ofLibc), &bases), nullptr);
}

// --- engines ----------------------------------------------------------------------------------------------

std::string variables(const std::string& name, int value) {
  return fmt::format("@{0} = global i32 {1}\n@large_{0} = global [{2} x i8] zeroinitializer\n", name, value,
                     kLarge);
}

TEST(LibraryReservation, VariablesOfSeveralEngines) {
  auto first = engineWith(variables("a", 1));
  const auto second = engineWith(variables("b", 2));
  std::byte* const a = variable<std::byte>(*first, "a");
  std::byte* const b = variable<std::byte>(*second, "b");
  ASSERT_TRUE(find(a));
  ASSERT_TRUE(find(b));
  EXPECT_NE(find(a)->library, find(b)->library);
  EXPECT_TRUE(find(variable<std::byte>(*first, "large_a")));
  EXPECT_TRUE(find(variable<std::byte>(*second, "large_b")));
  first.reset();
  EXPECT_FALSE(find(a));
  EXPECT_TRUE(find(b));
}

TEST(LibraryReservation, VariablesOfARemovedModuleAreGone) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  const auto engine = makeEngine(reclaiming());
  EXPECT_OK(engine->add("m", ir(variables("gone", 1) + returning("f", 1))));
  const auto large = variable<std::byte>(*engine, "large_gone");
  EXPECT_TRUE(find(large));
  EXPECT_OK(engine->remove("m"));
  EXPECT_OK(engine->collect());
  EXPECT_FALSE(find(large));
}

// D's runtime expects a program's thread-locals in the image that it finds around a variable.
TEST(LibraryReservation, TheImageOfVariablesHasTheThreadLocals) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  const auto engine = makeEngine(reclaiming());
  EXPECT_OK(engine->add("plain", ir(variables("plain", 1))));
  std::byte* const plain = variable<std::byte>(*engine, "plain");
  EXPECT_EQ(find(plain)->threadModule, 0u);
  EXPECT_OK(engine->add("m", ir("@own = thread_local global i32 5\n"
                                "define ptr @where() {\n  ret ptr @own\n}\n")));
  const auto* own = function<std::byte*()>(*engine, "where")();
  ASSERT_TRUE(find(plain));
  const Found found = *find(plain);
  ASSERT_NE(found.threadModule, 0u);
  EXPECT_LT(found.loadBase, reinterpret_cast<uintptr_t>(plain));
  size_t place[2] = {found.threadModule, 0};
  EXPECT_LT(static_cast<size_t>(own - static_cast<std::byte*>(__tls_get_addr(place))), 64u);
  EXPECT_EQ(find(variable<std::byte>(*engine, "large_plain"))->library, found.library);

  EXPECT_OK(engine->remove("m"));
  EXPECT_OK(engine->collect());
  ASSERT_TRUE(find(plain));
  EXPECT_EQ(find(plain)->threadModule, 0u);
}

TEST(LibraryReservation, AForkedChildFindsItsVariables) {
  const auto engine = engineWith(variables("shared", 1) + variables("late", 2));
  std::byte* const shared = variable<std::byte>(*engine, "shared");
  EXPECT_EQ(statusOfChild([&] {
              const auto late = variable<std::byte>(*engine, "large_late");
              return find(shared) && find(late) ? 0 : 1;
            }),
            0);
}

/// As a collector, which reads whatever is writable, at any moment.
[[clang::no_sanitize("address", "thread")]] int readWritable(dl_phdr_info* info, size_t, void*) {
  for (const ElfW(Phdr)* header = info->dlpi_phdr; header != info->dlpi_phdr + info->dlpi_phnum; ++header) {
    if (header->p_type != PT_LOAD || header->p_flags != (PF_R | PF_W))
      continue;
    const auto* begin = reinterpret_cast<const volatile char*>(info->dlpi_addr + header->p_vaddr);
    for (size_t at = 0, size = header->p_memsz; at < size; at += size_t(64) << 10)
      (void)begin[at];
  }
  return 0;
}

TEST(LibraryReservation, ThreadsLookWhileMemoryComesAndGoes) {
  const auto arena = arenaInLibrary();
  std::byte* const stays = data(*arena, 1);
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (int i = 0; i < 300; ++i) {
      std::byte* const near = data(*arena, 3 << 20);
      std::byte* const large = data(*arena, kLarge);
      arena->freeData(near, 3 << 20, 1);
      arena->freeData(large, kLarge, 1);
    }
    done = true;
  });
  // Everything that is shown is readable when it is read, as by a collector.
  uint64_t walks = 0;
  for (; !done || walks == 0; ++walks) {
    dl_iterate_phdr(readWritable, nullptr);
    EXPECT_TRUE(find(stays));
  }
  changer.join();
}

// A host whose system gives the loader nothing to load still has an engine.
[[noreturn]] void createWithoutDescriptors() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
  const bool refused = !reserveInLibrary(Arena::kReservedBytes);
  const auto engine = engineWith("@x = global i32 5\ndefine i32 @f() {\n%v = load i32, ptr @x\nret i32 %v }");
  _exit(refused && function<int()>(*engine, "f")() == 5 && !find(variable<int>(*engine, "x")) ? 0 : 1);
}

TEST(LibraryReservationDeathTest, WithoutALibraryTheEngineWorksUnseen) {
  EXPECT_EXIT(createWithoutDescriptors(), testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace tiercel
