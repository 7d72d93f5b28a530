// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/dynamic_symbols.h"
#include "link/synthetic_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <link.h>
#include <memory>
#include <proc_service.h>
#include <set>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <thread_db.h>
#include <unistd.h>

extern "C" {
struct TlsIndex {
  size_t module;
  size_t offset;
};
void* __tls_get_addr(TlsIndex* index);
}

namespace tiercel {
namespace {

using testing::Contains;
using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// A library in which this executable found a symbol stays for the rest of the process: each test has symbol
// names of its own, and runs in any order and repeatedly.

SyntheticLibrary load(const std::string& soname, const std::vector<ExportedSymbol>& exports,
                      const ThreadTemplate* thread = nullptr, bool global = true) {
  Result<SyntheticLibrary> library = loadSyntheticLibrary(soname, exports, thread, global);
  EXPECT_TRUE(library) << library.error().message();
  return library ? *library : SyntheticLibrary();
}

void* inProcess(const char* name) { return dlsym(RTLD_DEFAULT, name); }

std::byte* threadBlock(size_t module) {
  TlsIndex index{module, 0};
  return static_cast<std::byte*>(__tls_get_addr(&index));
}

std::vector<std::byte> bytesOf(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

/// "" when the calling thread's block is as `expected` says, otherwise what is wrong with it.
std::string differences(const std::byte* block, const ThreadTemplate& expected) {
  if (reinterpret_cast<uintptr_t>(block) % expected.alignment != 0)
    return "not aligned";
  if (!std::equal(expected.initial.begin(), expected.initial.end(), block))
    return "initial bytes differ";
  if (!std::all_of(block + expected.initial.size(), block + expected.size,
                   [](std::byte value) { return value == std::byte(0); }))
    return "tail is not zero";
  return "";
}

const link_map& mapOf(void* handle) {
  link_map* map = nullptr;
  EXPECT_EQ(dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&map)), 0);
  return *map;
}

int addThree(int value) { return value + 3; }
int addFour(int value) { return value + 4; }

int lowestFreeDescriptor() {
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(descriptor);
  return descriptor;
}

// --- symbols ----------------------------------------------------------------------------------------------

TEST(SyntheticLibrary, ExportsAreTheSymbolsOfTheProcess) {
  static int counter = 41;
  const SyntheticLibrary library =
      load("libtsl-exports.so",
           {{"tsl_addThree", reinterpret_cast<void*>(addThree), true}, {"tsl_counter", &counter, false}});
  EXPECT_EQ(library.tlsModule, 0u);

  const auto function = reinterpret_cast<int (*)(int)>(inProcess("tsl_addThree"));
  ASSERT_EQ(function, &addThree);
  EXPECT_EQ(function(4), 7);
  EXPECT_EQ(inProcess("tsl_counter"), &counter);
  EXPECT_EQ(dlsym(library.handle, "tsl_counter"), &counter);
  EXPECT_EQ(inProcess("tsl_count"), nullptr);
  EXPECT_EQ(inProcess("tsl_counter2"), nullptr);
}

TEST(SyntheticLibrary, AddressesDoNotMoveWithTheLoadBase) {
  // Nothing is there: addresses are only handed through. Even one below every load base comes back as it is.
  const auto low = reinterpret_cast<void*>(uintptr_t(0x10));
  const auto high = reinterpret_cast<void*>(~uintptr_t(0));
  const SyntheticLibrary library =
      load("libtsl-absolute.so", {{"tsl_low", low, false}, {"tsl_high", high, true}});
  EXPECT_NE(mapOf(library.handle).l_addr, 0u) << "a load base of 0 would prove nothing";
  EXPECT_EQ(inProcess("tsl_low"), low);
  EXPECT_EQ(inProcess("tsl_high"), high);
}

TEST(SyntheticLibrary, SymbolsSayWhetherTheyAreFunctions) {
  static int target;
  const SyntheticLibrary library = load(
      "libtsl-types.so", {{"tsl_type_f", &target, true}, {"tsl_type_d", &target, false}}, nullptr, false);
  const link_map& map = mapOf(library.handle);
  const Elf64_Dyn* entry = map.l_ld;
  while (entry->d_tag != DT_SYMTAB)
    ++entry;
  const auto* symbols = reinterpret_cast<const Elf64_Sym*>(map.l_addr + entry->d_un.d_ptr);
  EXPECT_EQ(symbols[1].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
  EXPECT_EQ(symbols[2].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
}

// A native library that needs what only its user defines: libthread_db, made for debuggers, which calls ps_*.
namespace debugger {
ps_prochandle* askedWith = nullptr;

ps_err_e lookup(ps_prochandle* process, const char*, const char*, psaddr_t*) {
  askedWith = process;
  return PS_ERR;
}
ps_err_e refuse() { return PS_ERR; }
} // namespace debugger

TEST(SyntheticLibrary, NativeLibraryCallsTheExports) {
  const char* const native = "libthread_db.so.1";
  ASSERT_EQ(dlopen(native, RTLD_NOW | RTLD_LOCAL), nullptr) << "it should need the program's symbols";
  ASSERT_THAT(dlerror(), HasSubstr("ps_"));

  std::vector<ExportedSymbol> exports = {
      {"ps_pglobal_lookup", reinterpret_cast<void*>(debugger::lookup), true}};
  for (const char* name : {"ps_pdread", "ps_pdwrite", "ps_lgetregs", "ps_lsetregs", "ps_lgetfpregs",
                           "ps_lsetfpregs", "ps_getpid", "ps_get_thread_area"})
    exports.push_back({name, reinterpret_cast<void*>(debugger::refuse), true});
  const SyntheticLibrary library = load("libtsl-debugger.so", exports);

  void* const handle = dlopen(native, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  const auto open =
      reinterpret_cast<td_err_e (*)(ps_prochandle*, td_thragent_t**)>(dlsym(handle, "td_ta_new"));
  ASSERT_NE(open, nullptr);
  const auto process = reinterpret_cast<ps_prochandle*>(&debugger::askedWith);
  td_thragent_t* agent = nullptr;
  EXPECT_NE(open(process, &agent), TD_OK);
  EXPECT_EQ(debugger::askedWith, process);
  dlclose(handle);
  dlclose(library.handle);
}

TEST(SyntheticLibrary, TheFirstGlobalDefinitionWins) {
  const SyntheticLibrary first =
      load("libtsl-first.so", {{"tsl_both", reinterpret_cast<void*>(addThree), true}});
  const SyntheticLibrary second =
      load("libtsl-second.so", {{"tsl_both", reinterpret_cast<void*>(addFour), true}});
  EXPECT_EQ(inProcess("tsl_both"), reinterpret_cast<void*>(addThree));
  EXPECT_EQ(dlsym(first.handle, "tsl_both"), reinterpret_cast<void*>(addThree));
  EXPECT_EQ(dlsym(second.handle, "tsl_both"), reinterpret_cast<void*>(addFour));
}

TEST(SyntheticLibrary, LocalLibraryIsSeenThroughItsHandleOnly) {
  const SyntheticLibrary library = load(
      "libtsl-local.so", {{"tsl_local", reinterpret_cast<void*>(addThree), true}}, nullptr, /*global=*/false);
  EXPECT_EQ(inProcess("tsl_local"), nullptr);
  EXPECT_EQ(dlsym(library.handle, "tsl_local"), reinterpret_cast<void*>(addThree));
}

TEST(SyntheticLibrary, AnyNameButNul) {
  const std::vector<std::string> names = {
      "",
      " ",
      "tsl odd",
      "tsl@odd",
      "tsl@@ODD_1.0",
      "\1tsl_raw",
      "tsl\n\t\"\\'%s$ORIGIN",
      "tsl_\u00fcn\u00efc\u00f6de_\u732b",
      "\xff\xfe\x80",
      "operator new[](unsigned long)::'lambda'(tsl<int, 3>&&)",
      std::string(70000, 'x'),
      std::string(70000, 'x') + "y",
  };
  std::vector<char> targets(names.size());
  std::vector<ExportedSymbol> exports;
  exports.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i)
    exports.push_back({names[i], &targets[i], false});
  const SyntheticLibrary library = load("libtsl odd $ORIGIN/\u732b.so", exports, nullptr, /*global=*/false);
  for (size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(dlsym(library.handle, names[i].c_str()), &targets[i]) << names[i].substr(0, 80);

  const std::vector<ExportedSymbol> cut = {{std::string("tsl_cut\0here", 12), targets.data(), false}};
  const Result<SyntheticLibrary> refused = loadSyntheticLibrary("libtsl-cut.so", cut, nullptr, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(refused.error().what(), "tsl_cut");
  EXPECT_EQ(inProcess("tsl_cut"), nullptr);
  EXPECT_FALSE(loadSyntheticLibrary(std::string("libtsl\0.so", 10), {}, nullptr, true));
}

TEST(SyntheticLibrary, ManyExports) {
  constexpr size_t kCount = 50000;
  std::vector<char> targets(kCount);
  std::vector<ExportedSymbol> exports;
  exports.reserve(kCount);
  for (size_t i = 0; i < kCount; ++i)
    exports.push_back({"tsl_many_" + std::to_string(i), &targets[i], i % 2 == 0});
  const SyntheticLibrary library = load("libtsl-many.so", exports, nullptr, /*global=*/false);
  size_t wrong = 0;
  for (size_t i = 0; i < kCount; ++i)
    wrong += dlsym(library.handle, exports[i].name.c_str()) != &targets[i];
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(dlsym(library.handle, "tsl_many_50000"), nullptr);
}

TEST(SyntheticLibrary, NothingAtAll) {
  const SyntheticLibrary library = load("libtsl-empty.so", {});
  ASSERT_NE(library.handle, nullptr);
  EXPECT_EQ(library.tlsModule, 0u);
  EXPECT_EQ(dlsym(library.handle, "tsl_nothing"), nullptr);
  EXPECT_EQ(dlsym(library.handle, ""), nullptr);
}

// --- identity ---------------------------------------------------------------------------------------------

TEST(SyntheticLibrary, ManyInARowAreAllTheirOwn) {
  constexpr size_t kCount = 300;
  static char targets[kCount];
  const int freeBefore = lowestFreeDescriptor();
  std::vector<SyntheticLibrary> libraries;
  std::set<void*> handles;
  std::set<size_t> modules;
  for (size_t i = 0; i < kCount; ++i) {
    ThreadTemplate thread{bytesOf("number " + std::to_string(i)), 64, 8};
    const ExportedSymbol exports[] = {{"tsl_row_" + std::to_string(i), &targets[i], false},
                                      {"tsl_row", &targets[i], false}};
    Result<SyntheticLibrary> library =
        loadSyntheticLibrary("libtsl-row-" + std::to_string(i) + ".so", exports, &thread, true);
    ASSERT_TRUE(library) << i << ": " << library.error().message();
    libraries.push_back(*library);
    handles.insert(library->handle);
    modules.insert(library->tlsModule);
  }
  EXPECT_EQ(handles.size(), kCount);
  EXPECT_EQ(modules.size(), kCount);
  EXPECT_EQ(lowestFreeDescriptor(), freeBefore);
  for (size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(inProcess(("tsl_row_" + std::to_string(i)).c_str()), &targets[i]);
    EXPECT_EQ(dlsym(libraries[i].handle, "tsl_row"), &targets[i]);
    EXPECT_STREQ(reinterpret_cast<const char*>(threadBlock(libraries[i].tlsModule)),
                 ("number " + std::to_string(i)).c_str());
  }
}

TEST(SyntheticLibrary, SonameFindsItAndMayRepeat) {
  const SyntheticLibrary first =
      load("libtsl-same.so", {{"tsl_same", reinterpret_cast<void*>(addThree), true}});
  const SyntheticLibrary second =
      load("libtsl-same.so", {{"tsl_same", reinterpret_cast<void*>(addFour), true}});
  EXPECT_NE(first.handle, second.handle);
  EXPECT_EQ(dlsym(second.handle, "tsl_same"), reinterpret_cast<void*>(addFour));
  EXPECT_EQ(dlopen("libtsl-same.so", RTLD_NOW | RTLD_NOLOAD), first.handle);
  for (void* handle : {first.handle, first.handle, second.handle}) // once for each dlopen
    dlclose(handle);
}

TEST(SyntheticLibrary, LeavesThePlainDescriptorPathToTheProgram) {
  // A program that does as we do must get its own file, whatever number that has.
  load("libtsl-plain.so", {});
  const std::string folders[] = {"/proc/self/fd/", "/proc/thread-self/fd/",
                                 "/proc/self/task/" + std::to_string(gettid()) + "/fd/"};
  for (const std::string& folder : folders) {
    const std::string path = folder + std::to_string(lowestFreeDescriptor());
    EXPECT_EQ(dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr) << path;
  }
}

TEST(SyntheticLibrary, ClosedOnesLeaveNothingBehind) {
  std::vector<char> targets(20);
  for (size_t i = 0; i < targets.size(); ++i) {
    ThreadTemplate thread{bytesOf("round " + std::to_string(i)), 4096, 16};
    const SyntheticLibrary library = load("libtsl-closed.so", {{"tsl_closed", &targets[i], false}}, &thread);
    EXPECT_EQ(dlsym(library.handle, "tsl_closed"), &targets[i]);
    // The module number was another library's the round before.
    std::byte* const block = threadBlock(library.tlsModule);
    EXPECT_EQ(differences(block, thread), "");
    memset(block, 0xcc, thread.size);
    ASSERT_EQ(dlclose(library.handle), 0);
    EXPECT_EQ(inProcess("tsl_closed"), nullptr);
    EXPECT_EQ(dlopen("libtsl-closed.so", RTLD_NOW | RTLD_NOLOAD), nullptr);
  }
}

TEST(SyntheticLibrary, StaysWhileWhoeverFoundASymbolInItStays) {
  const SyntheticLibrary library =
      load("libtsl-held.so", {{"tsl_held", reinterpret_cast<void*>(addThree), true}});
  EXPECT_EQ(inProcess("tsl_held"), reinterpret_cast<void*>(addThree)); // asked by this executable
  ASSERT_EQ(dlclose(library.handle), 0);
  EXPECT_EQ(inProcess("tsl_held"), reinterpret_cast<void*>(addThree));
}

TEST(SyntheticLibrary, LoadsFromManyThreadsAtOnce) {
  constexpr size_t kThreads = 4, kEach = 25;
  static char targets[kThreads * kEach];
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t * kEach; i < (t + 1) * kEach; ++i) {
        ThreadTemplate thread{bytesOf(std::to_string(i)), 32, 32};
        const ExportedSymbol exports[] = {{"tsl_at_once_" + std::to_string(i), &targets[i], false}};
        Result<SyntheticLibrary> library = loadSyntheticLibrary("libtsl-at-once.so", exports, &thread, true);
        if (!library || inProcess(exports[0].name.c_str()) != &targets[i] ||
            !differences(threadBlock(library->tlsModule), thread).empty())
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0u);
}

// --- thread-locals ----------------------------------------------------------------------------------------

TEST(SyntheticLibrary, EveryThreadHasABlockOfItsOwn) {
  const ThreadTemplate thread{bytesOf("initial bytes"), 200, 64};
  size_t module = 0;
  std::barrier loaded(2), written(2);
  std::string oldFirst, oldSecond;
  std::byte* oldBlock = nullptr;

  std::thread startedBefore([&] {
    loaded.arrive_and_wait();
    oldBlock = threadBlock(module);
    oldFirst = differences(oldBlock, thread);
    memset(oldBlock, 0x11, thread.size);
    written.arrive_and_wait();
    written.arrive_and_wait();
    oldSecond = threadBlock(module) == oldBlock && oldBlock[199] == std::byte(0x11) ? "" : "overwritten";
  });

  static int exported;
  const SyntheticLibrary library = load("libtsl-thread.so", {{"tsl_with_thread", &exported, false}}, &thread);
  module = library.tlsModule;
  ASSERT_NE(module, 0u);
  EXPECT_EQ(inProcess("tsl_with_thread"), &exported);
  std::byte* const mainBlock = threadBlock(module);
  EXPECT_EQ(differences(mainBlock, thread), "");

  loaded.arrive_and_wait();
  written.arrive_and_wait();
  EXPECT_EQ(differences(mainBlock, thread), "") << "the other thread wrote to ours";
  EXPECT_NE(mainBlock, oldBlock);
  memset(mainBlock, 0x22, thread.size);

  std::string news[4];
  std::vector<std::thread> startedAfter;
  for (std::string& result : news) {
    startedAfter.emplace_back([&result, &thread, module] {
      result = differences(threadBlock(module), thread);
      memset(threadBlock(module), 0x33, thread.size);
    });
  }
  for (std::thread& running : startedAfter)
    running.join();
  EXPECT_THAT(news, Each(""));

  written.arrive_and_wait();
  startedBefore.join();
  EXPECT_EQ(oldFirst, "");
  EXPECT_EQ(oldSecond, "");
  EXPECT_EQ(threadBlock(module), mainBlock);
  EXPECT_EQ(mainBlock[0], std::byte(0x22));
}

TEST(SyntheticLibrary, OffsetsLeadIntoTheBlock) {
  const ThreadTemplate thread{bytesOf("0123456789"), 10, 1};
  TlsIndex index{load("libtsl-offset.so", {}, &thread).tlsModule, 7};
  EXPECT_EQ(*static_cast<char*>(__tls_get_addr(&index)), '7');
}

/// The program header that describes the thread-locals of `module`.
ElfW(Phdr) threadSegment(size_t module) {
  struct Search {
    size_t module;
    ElfW(Phdr) found;
  } search{module, {}};
  const auto visit = [](dl_phdr_info* library, size_t, void* data) {
    Search& wanted = *static_cast<Search*>(data);
    for (const ElfW(Phdr) & segment : std::span(library->dlpi_phdr, library->dlpi_phnum)) {
      if (library->dlpi_tls_modid == wanted.module && segment.p_type == PT_TLS)
        wanted.found = segment;
    }
    return 0;
  };
  dl_iterate_phdr(visit, &search);
  return search.found;
}

TEST(SyntheticLibrary, Alignments) {
  for (size_t alignment = 1; alignment <= (size_t(1) << 21); alignment *= 2) {
    const ThreadTemplate thread{bytesOf("x"), 3, alignment};
    const size_t module = load("libtsl-aligned.so", {}, &thread).tlsModule;
    EXPECT_EQ(threadSegment(module).p_align, alignment);
    EXPECT_EQ(threadSegment(module).p_vaddr % alignment, 0u) << "blocks are only as aligned as this";
    std::string elsewhere;
    std::thread([&] { elsewhere = differences(threadBlock(module), thread); }).join();
    EXPECT_EQ(elsewhere, "") << alignment;
    EXPECT_EQ(differences(threadBlock(module), thread), "") << alignment;
  }
}

TEST(SyntheticLibrary, ZeroesOnly) {
  const ThreadTemplate thread{{}, 100000, 4096};
  EXPECT_EQ(differences(threadBlock(load("libtsl-zeroes.so", {}, &thread).tlsModule), thread), "");
}

TEST(SyntheticLibrary, InitialBytesOfManyPagesWithoutATail) {
  ThreadTemplate thread{{}, 3000000, 32};
  for (size_t i = 0; i < thread.size; ++i)
    thread.initial.push_back(std::byte(i * 7 / 3));
  EXPECT_EQ(differences(threadBlock(load("libtsl-pages.so", {}, &thread).tlsModule), thread), "");
}

TEST(SyntheticLibrary, EmptyTemplateHasNoModule) {
  const ThreadTemplate thread{};
  const SyntheticLibrary library = load("libtsl-empty-thread.so", {}, &thread);
  EXPECT_NE(library.handle, nullptr);
  EXPECT_EQ(library.tlsModule, 0u);
}

// --- environment ------------------------------------------------------------------------------------------

TEST(SyntheticLibrary, StacksStayWithoutExecutableCode) {
  load("libtsl-stack.so", {});
  std::ifstream maps("/proc/self/maps");
  size_t stacks = 0;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with("[stack]"))
      continue;
    ++stacks;
    EXPECT_THAT(line, HasSubstr(" rw-p "));
  }
  EXPECT_EQ(stacks, 1u);
}

[[noreturn]] void loadAfterTheMainThread() {
  std::thread([] {
    // It has ended when the process, seen through it, has no descriptors any more.
    while (access("/proc/self/fd/2", F_OK) == 0)
      std::this_thread::yield();
    static int target;
    const ExportedSymbol exports[] = {{"tsl_orphan", &target, false}};
    const Result<SyntheticLibrary> library = loadSyntheticLibrary("libtsl-orphan.so", exports, nullptr, true);
    _exit(library && inProcess("tsl_orphan") == &target ? 0 : 1);
  }).detach();
  syscall(SYS_exit, 0); // this thread only, and without unwinding through the test framework
  __builtin_unreachable();
}

TEST(SyntheticLibraryDeathTest, LoadsWhenTheMainThreadHasEnded) {
  EXPECT_EXIT(loadAfterTheMainThread(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void openIn(const char* path) { _exit(open(path, O_RDONLY | O_NONBLOCK) < 0 ? errno : 0); }

TEST(SyntheticLibraryDeathTest, ItsPathIsNoFileOfAnotherProcess) {
  const SyntheticLibrary library = load("libtsl-path.so", {});
  // The number of the descriptor that it was loaded from is in use again, here and in the other process.
  const int reused = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const char* const path = mapOf(library.handle).l_name;
  EXPECT_THAT(path, EndsWith("/" + std::to_string(reused)));
  EXPECT_EXIT(openIn(path), testing::ExitedWithCode(ENOENT), "");
  close(reused);
}

/// Prints the error of a load that may open that many files at a time.
[[noreturn]] void loadWithDescriptors(rlim_t count) {
  const rlim_t limit = static_cast<rlim_t>(lowestFreeDescriptor()) + count;
  const rlimit limits{limit, limit};
  setrlimit(RLIMIT_NOFILE, &limits);
  const Result<SyntheticLibrary> library = loadSyntheticLibrary("libtsl-refused.so", {}, nullptr, true);
  if (!library)
    std::cerr << library.error().message() << "\n";
  const bool nothingLeftOpen = count == 0 || lowestFreeDescriptor() >= 0;
  _exit(!library && library.error().kind() == ErrorKind::Environment && nothingLeftOpen ? 0 : 1);
}

TEST(SyntheticLibraryDeathTest, RefusalOfTheSystemIsAnError) {
  EXPECT_EXIT(loadWithDescriptors(0), testing::ExitedWithCode(0),
              "^memory file for libtsl-refused.so: Too many open files\n$");
}

TEST(SyntheticLibraryDeathTest, RefusalOfTheLoaderIsAnError) {
  // One for the memory file, none for the loader to open it again.
  EXPECT_EXIT(loadWithDescriptors(1), testing::ExitedWithCode(0),
              "^loading libtsl-refused.so: .*cannot open shared object file: Too many open files\n$");
}

// --- native libraries -------------------------------------------------------------------------------------

/// A library that comes with the C library or lies beside it. It is not loaded for that.
std::string systemLibrary(const char* name) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  return std::filesystem::path(mapOf(libc).l_name).replace_filename(name);
}

std::byte* threadPointer() {
  std::byte* self;
  asm("mov %%fs:0, %0" : "=r"(self));
  return self;
}

TEST(SyntheticLibrary, AStaticBlockHasOneDistanceInAllThreads) {
  std::barrier running(2), loaded(2);
  int seen = 0;
  std::atomic<int64_t> distance{0};
  std::thread before([&] {
    running.arrive_and_wait();
    loaded.arrive_and_wait();
    memcpy(&seen, threadPointer() + distance.load(), sizeof seen);
  });
  running.arrive_and_wait();
  ThreadTemplate block{.initial = {std::byte{42}}, .size = 16, .alignment = 16, .isStatic = true};
  const SyntheticLibrary library = load("libtsl-static.so", {}, &block, /*global=*/false);
  ASSERT_TRUE(library.distance);
  EXPECT_LT(*library.distance, 0);
  EXPECT_EQ(threadPointer() + *library.distance, threadBlock(library.tlsModule));
  distance = *library.distance;
  loaded.arrive_and_wait();
  before.join();
  EXPECT_EQ(seen, 42);
  std::thread([&] { EXPECT_EQ(threadPointer() + *library.distance, threadBlock(library.tlsModule)); }).join();
  dlclose(library.handle);
}

TEST(SyntheticLibrary, AStaticBlockThatIsTooLargeIsAnError) {
  ThreadTemplate block{.initial = {}, .size = 100'000, .alignment = 16, .isStatic = true};
  const Result<SyntheticLibrary> library =
      loadSyntheticLibrary("libtsl-large.so", {}, &block, /*global=*/false);
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().why(), "cannot allocate memory in static TLS block");
}

std::vector<std::string> namesOf(const DynamicLibrary& library, bool defined, bool mergeable) {
  std::vector<std::string> names;
  for (const DynamicSymbol& symbol : library.symbols) {
    if (symbol.isDefined == defined && symbol.isMergeable == mergeable)
      names.push_back(symbol.name.str());
  }
  return names;
}

TEST(DynamicLibraries, DefineAndNeed) {
  const Result<DynamicLibrary> library = readDynamicLibrary(systemLibrary("libthread_db.so.1"));
  ASSERT_TRUE(library) << library.error().message();
  const std::vector<std::string> undefined = namesOf(*library, false, false);
  EXPECT_THAT(namesOf(*library, true, false), Contains("td_ta_new"));
  EXPECT_THAT(undefined, Contains("ps_pglobal_lookup"));
  EXPECT_THAT(undefined, Contains("ps_get_thread_area")); // weak
  EXPECT_THAT(undefined, Not(Contains("")));              // the null symbol
  EXPECT_THAT(undefined, Each(Not(HasSubstr("@"))));      // versions are not part of names
  EXPECT_THAT(library->needed, Contains("libc.so.6"));
}

TEST(DynamicLibraries, UniqueAndWeakSymbolsAreMergeable) {
  const Result<DynamicLibrary> library = readDynamicLibrary(systemLibrary("libstdc++.so.6"));
  ASSERT_TRUE(library) << library.error().message();
  EXPECT_THAT(namesOf(*library, true, false), Contains("_ZNSt12placeholders3_20E"));         // STB_GLOBAL
  EXPECT_THAT(namesOf(*library, true, true), Contains("_ZNSs4_Rep20_S_empty_rep_storageE")); // STB_GNU_UNIQUE
  EXPECT_THAT(namesOf(*library, true, true), Contains("_ZTISt9exception"));
}

TEST(DynamicLibraries, WhatIsNoneIsAnError) {
  const std::filesystem::path folder = testing::TempDir();
  const std::string missing = folder / "tsl-missing.so";
  const std::string text = folder / "tsl-text.so";
  const std::string cut = folder / "tsl-cut.so";
  const std::string foreign = folder / "tsl-foreign.so";
  std::ofstream(text) << "/* GNU ld script */ GROUP ( libc.so.6 )";
  std::filesystem::copy_file(systemLibrary("libthread_db.so.1"), cut,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(cut, 5000);
  Elf32_Ehdr header{};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  std::ofstream(foreign).write(reinterpret_cast<const char*>(&header), sizeof(header));

  for (const std::string& path : {missing, text, cut, foreign, folder.string()}) {
    const Result<DynamicLibrary> library = readDynamicLibrary(path);
    ASSERT_FALSE(library) << path;
    EXPECT_EQ(library.error().kind(), ErrorKind::BadInput);
    EXPECT_EQ(library.error().what(), path);
    EXPECT_FALSE(library.error().why().empty());
  }
  EXPECT_EQ(readDynamicLibrary(foreign).error().why(), "a library for another machine");
  for (const std::string& path : {text, cut, foreign})
    std::filesystem::remove(path);
}

thread_local long executableVariable = 5;

/// What `place` leads to in the calling thread.
void* at(const ThreadLocalPlace& place) {
  TlsIndex index{place.tlsModule, place.offset};
  return __tls_get_addr(&index);
}

TEST(FindThreadLocal, OfTheExecutableAndOfLibc) {
  const std::optional<ThreadLocalPlace> own = findThreadLocal(&executableVariable);
  const std::optional<ThreadLocalPlace> libc = findThreadLocal(&errno);
  ASSERT_TRUE(own);
  ASSERT_TRUE(libc);
  EXPECT_NE(own->tlsModule, libc->tlsModule);
  EXPECT_EQ(at(*own), &executableVariable);
  EXPECT_EQ(at(*libc), &errno);
  std::thread([&] {
    EXPECT_EQ(at(*own), &executableVariable);
    EXPECT_EQ(at(*libc), &errno);
    const std::optional<ThreadLocalPlace> here = findThreadLocal(&executableVariable);
    ASSERT_TRUE(here);
    EXPECT_EQ(here->tlsModule, own->tlsModule);
    EXPECT_EQ(here->offset, own->offset);
  }).join();
}

TEST(FindThreadLocal, OfALibraryLoadedLater) {
  const ThreadTemplate thread{bytesOf("abc"), 100, 16};
  const size_t module = load("libtsl-find.so", {}, &thread).tlsModule;
  std::byte* const block = threadBlock(module);
  for (size_t offset : {0, 42, 99}) {
    const std::optional<ThreadLocalPlace> place = findThreadLocal(block + offset);
    ASSERT_TRUE(place) << offset;
    EXPECT_EQ(place->tlsModule, module);
    EXPECT_EQ(place->offset, offset);
  }
  for (const std::byte* outside : {block - 1, block + 100}) {
    const std::optional<ThreadLocalPlace> place = findThreadLocal(outside);
    EXPECT_FALSE(place && place->tlsModule == module);
  }
}

TEST(FindThreadLocal, NothingElseIsThreadLocal) {
  static int global;
  const auto heap = std::make_unique<int>();
  int local = 0;
  EXPECT_FALSE(findThreadLocal(&global));
  EXPECT_FALSE(findThreadLocal(heap.get()));
  EXPECT_FALSE(findThreadLocal(&local));
  EXPECT_FALSE(findThreadLocal(nullptr));
}

} // namespace
} // namespace tiercel
