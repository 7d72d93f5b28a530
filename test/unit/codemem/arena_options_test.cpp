// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arena's options, and systems that refuse mappings.
#include "base/align.h"
#include "unit/support/arenas.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace tiercel {
namespace {

constexpr size_t kPage = 4096;

// --- limit ------------------------------------------------------------------------------------------------

TEST(ArenaLimit, CodeInUseStaysBelowIt) {
  ArenaOptions options;
  options.codeLimit = size_t(64) << 10;
  const auto arena = makeArena(options);
  const CodeBlock first = code(*arena, 40 << 10);
  const Result<CodeBlock> refused = arena->allocateCode(24 << 10 | 1, 16);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Environment);
  EXPECT_EQ(refused.error().message(), "code memory: the limit of 64 KiB is reached: 40 KiB are in use, "
                                       "24592 bytes more are needed");
  EXPECT_FALSE(arena->allocateCodeAt(arena->codeBase() + (100 << 10), 24 << 10 | 1));
  code(*arena, 24 << 10);
  EXPECT_FALSE(arena->allocateCode(1, 16));
  arena->freeCode(first);
  code(*arena, 40 << 10);
}

// --- poison -----------------------------------------------------------------------------------------------

ArenaOptions poisoning() {
  ArenaOptions options;
  options.poisonFreed = true;
  return options;
}

TEST(ArenaPoison, FreedCodeIsNeverUsedAgain) {
  const auto arena = makeArena(poisoning());
  const CodeBlock first = codeWith(*arena, kReturn42);
  arena->freeCode(first);
  EXPECT_TRUE(isFilledWith(first.exec, first.size, 0xcc));
  EXPECT_NE(code(*arena, first.size).exec, first.exec);
  EXPECT_FALSE(arena->allocateCodeAt(first.exec, first.size));
  const MemoryUsage usage = arena->codeUsage();
  EXPECT_EQ(usage.lost, 16u);
  EXPECT_EQ(usage.used, 16u);
}

TEST(ArenaPoison, APageBecomesInaccessibleWithItsLastBlock) {
  const auto arena = makeArena(poisoning());
  const CodeBlock keeps = codeWith(*arena, kReturn42);
  const CodeBlock first = code(*arena, kPage / 2, kPage);
  const Result<CodeBlock> other = arena->allocateCodeAt(first.exec + kPage / 2, kPage / 2);
  ASSERT_TRUE(other) << other.error().message();
  const CodeBlock second = *other;
  const CodeBlock next = codeWith(*arena, kReturn43);
  arena->freeCode(second);
  EXPECT_EQ(protectionOf(first.exec), "r-xs");
  arena->freeCode(first);
  EXPECT_EQ(protectionOf(first.exec), "---s");
  EXPECT_EQ(protectionOf(first.write), "---s"); // a call site in it must not be turned either
  EXPECT_EQ(run(keeps), 42);
  EXPECT_EQ(run(next), 43);
}

TEST(ArenaPoisonDeathTest, FreedCodeTraps) {
  const auto arena = makeArena(poisoning());
  const CodeBlock small = codeWith(*arena, kReturn42);
  const CodeBlock page = code(*arena, kPage, kPage);
  memcpy(page.write, kReturn42, sizeof kReturn42);
  ASSERT_EQ(run(small) + run(page), 84);
  arena->freeCode(small);
  arena->freeCode(page);
  const auto runPlainly = [](const CodeBlock& block) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
    _exit(run(block));
  };
  EXPECT_EXIT(runPlainly(small), testing::KilledBySignal(SIGTRAP), "");
  EXPECT_EXIT(runPlainly(page), testing::KilledBySignal(SIGSEGV), "");
}

// --- one mapping ------------------------------------------------------------------------------------------

TEST(ArenaSingle, CodeIsWrittenWhereItRuns) {
  EXPECT_EQ(makeArena()->mapping(), CodeMapping::Dual);
  ArenaOptions options;
  options.singleMapping = true;
  const auto arena = makeArena(options);
  EXPECT_EQ(arena->mapping(), CodeMapping::Single);
  const CodeBlock block = codeWith(*arena, kReturn42);
  EXPECT_EQ(block.write, block.exec);
  EXPECT_EQ(protectionOf(block.exec), "rwxp");
  EXPECT_EQ(run(block), 42);
  const CodeBlock large = code(*arena, size_t(8) << 20);
  memcpy(large.write + large.size - sizeof kReturn43, kReturn43, sizeof kReturn43);
  EXPECT_EQ(run({large.exec + large.size - sizeof kReturn43, nullptr, 0}), 43);
}

TEST(ArenaSingle, FreedPagesArePoisonedToo) {
  ArenaOptions options = poisoning();
  options.singleMapping = true;
  const auto arena = makeArena(options);
  const CodeBlock page = code(*arena, kPage, kPage);
  arena->freeCode(page);
  EXPECT_EQ(protectionOf(page.exec), "---p");
}

/// From now on this process gets EPERM from mremap, and with `alsoWritable` EACCES for memory that is
/// writable and executable.
bool refuseMappings(bool alsoWritable) {
  constexpr unsigned kBoth = PROT_WRITE | PROT_EXEC;
  const sock_filter both[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kBoth),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kBoth, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, alsoWritable ? SECCOMP_RET_ERRNO | EACCES : SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(both), const_cast<sock_filter*>(both)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(ArenaSingle, TakesOverWhereASecondMappingIsRefused) {
  EXPECT_EQ(statusOfChild([] {
              if (!refuseMappings(false))
                return 1;
              Result<std::unique_ptr<Arena>> arena = Arena::create();
              if (!arena || (*arena)->mapping() != CodeMapping::Single)
                return 2;
              return run(codeWith(**arena, kReturn42));
            }),
            42);
}

TEST(ArenaSingle, ASystemThatAllowsNeitherIsAnError) {
  EXPECT_EQ(statusOfChild([] {
              if (!refuseMappings(true))
                return 1;
              const Result<std::unique_ptr<Arena>> arena = Arena::create();
              return !arena && arena.error().kind() == ErrorKind::Environment &&
                             arena.error().message() ==
                                 "code memory: the system refuses to map it twice (Operation not permitted), "
                                 "and also memory that is writable and executable (Permission denied)"
                         ? 0
                         : 2;
            }),
            0);
}

// --- huge pages -------------------------------------------------------------------------------------------

/// What the system says about the mapping that `address` lies in: "VmFlags", or a size such as "Rss".
std::string detailOf(const void* address, const std::string& key) {
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0, end = 0;
    if (sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      inside = reinterpret_cast<uintptr_t>(address) >= begin && reinterpret_cast<uintptr_t>(address) < end;
    else if (inside && line.starts_with(key + ":"))
      return line.substr(key.size() + 1);
  }
  return {};
}

TEST(ArenaHugePages, AreAskedForOnlyWhenWanted) {
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"))
    GTEST_SKIP() << "this kernel has no huge pages";
  for (bool wanted : {false, true}) {
    ArenaOptions options;
    options.hugePages = wanted;
    const auto arena = makeArena(options);
    const CodeBlock block = codeWith(*arena, kReturn42);
    EXPECT_EQ(run(block), 42);
    for (const void* address : {block.exec, block.write, data(*arena, 8)})
      EXPECT_EQ(detailOf(address, "VmFlags").find(" hg") != std::string::npos, wanted);
  }
}

/// Whether the system puts shared memory together when told to.
bool collapses() {
  constexpr size_t kHuge = size_t(2) << 20;
  void* const reserved = mmap(nullptr, 2 * kHuge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // Within the object as within the address space, a huge page begins at a multiple of its size.
  auto* const aligned = reinterpret_cast<void*>(alignUp(reinterpret_cast<uintptr_t>(reserved), kHuge));
  bool done =
      mmap(aligned, kHuge, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == aligned;
  if (done) {
    memset(aligned, 1, kHuge);
    done = madvise(aligned, kHuge, /*MADV_COLLAPSE=*/25) == 0;
  }
  munmap(reserved, 2 * kHuge);
  return done;
}

TEST(ArenaHugePages, CodeIsPutTogetherWhenTheNextPageIsBegun) {
  if (!collapses())
    GTEST_SKIP() << "this kernel does not put shared memory together";
  ArenaOptions options;
  options.hugePages = true;
  const auto arena = makeArena(options);
  const CodeBlock first = codeWith(*arena, kReturn42);
  code(*arena, (size_t(2) << 20) - 16);
  EXPECT_EQ(std::stoul(detailOf(first.exec, "ShmemPmdMapped")), 0u);
  code(*arena, 16);
  EXPECT_EQ(std::stoul(detailOf(first.exec, "ShmemPmdMapped")), 2048u);
  EXPECT_EQ(run(first), 42);
}

TEST(ArenaHugePages, AreGivenBackWhole) {
  ArenaOptions options;
  options.hugePages = true;
  const auto arena = makeArena(options);
  constexpr size_t kHuge = size_t(2) << 20;
  std::byte* const head = data(*arena, 16, 16);
  std::byte* const large = data(*arena, 3 * kHuge, 16);
  *head = std::byte(1);
  memset(large, 1, 3 * kHuge);
  arena->freeData(large, 3 * kHuge, 16);
  std::byte* const firstWhole = head + kHuge; // the data range begins at a huge page
  EXPECT_EQ(residentPages(firstWhole, 2 * kHuge), 0u);
  EXPECT_TRUE(isFilledWith(data(*arena, 3 * kHuge, 16), 3 * kHuge, 0));
  EXPECT_EQ(*head, std::byte(1));
}

} // namespace
} // namespace tiercel
