// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A forked child moves to a copy of the code in use: what either side does concerns it alone.
#include "unit/support/arenas.h"

#include <sys/socket.h>

namespace tiercel {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMiB = size_t(1) << 20;

/// Forks as the engine's handlers do.
pid_t forkWith(Arena& arena) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  arena.forkMutex().lock();
  arena.copyForFork();
  const pid_t pid = fork();
  if (pid == 0 && !arena.moveToForkCopy())
    _exit(99);
  if (pid != 0)
    arena.dropForkCopy();
  arena.forkMutex().unlock();
  return pid;
}

/// Forks, runs `child` there and then `parent` here, the child waiting for it; 0 if `child` was content.
template <typename Child, typename Parent> int forked(Arena& arena, Child child, Parent parent) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auto tell = [](int end) { return send(end, "", 1, MSG_NOSIGNAL) == 1; };
  const auto hear = [](int end) {
    char byte = 0;
    return recv(end, &byte, 1, 0) == 1;
  };
  const pid_t pid = forkWith(arena);
  close(ends[pid == 0 ? 0 : 1]); // whoever waits for one that is gone is told so
  if (pid == 0)
    _exit(child([&] { return tell(ends[1]) && hear(ends[1]); }));
  (void)hear(ends[0]); // until the child waits, or has ended
  parent();
  (void)tell(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  close(ends[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Small code, and code of many whole pages.
struct Blocks {
  explicit Blocks(Arena& arena) : small(codeWith(arena, kReturn42)), large(code(arena, kMiB, kPage)) {
    memcpy(large.write, kReturn43, sizeof kReturn43);
    memcpy(large.write + kMiB - sizeof kReturn42, kReturn42, sizeof kReturn42);
  }
  bool run() const {
    const CodeBlock end{large.exec + kMiB - sizeof kReturn42, nullptr, sizeof kReturn42};
    return tiercel::run(small) == 42 && tiercel::run(large) == 43 && tiercel::run(end) == 42;
  }
  CodeBlock small, large;
};

/// Frees all, uses the space again, and writes everywhere.
bool changeAll(Arena& arena, const Blocks& blocks) {
  const size_t used = arena.codeUsage().used;
  arena.freeCode(blocks.small);
  arena.freeCode(blocks.large);
  const MemoryUsage usage = arena.codeUsage();
  const CodeBlock small = codeWith(arena, kReturn43), large = code(arena, kMiB, kPage);
  memset(large.write, 0xcc, kMiB);
  return usage.used == used - 16 - kMiB && usage.lost == 0 && small.exec == blocks.small.exec &&
         large.exec == blocks.large.exec && run(small) == 43;
}

TEST(ArenaFork, WhatTheParentChangesGoesOnRunningInTheChild) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  const auto inChild = [&](const auto& parentIsDone) { return parentIsDone() && blocks.run() ? 0 : 1; };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_TRUE(changeAll(*arena, blocks)); }), 0);
}

TEST(ArenaFork, WhatTheChildChangesGoesOnRunningInTheParent) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  const auto inChild = [&](const auto& parentIsDone) {
    return changeAll(*arena, blocks) && parentIsDone() ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_TRUE(blocks.run()); }), 0);
  EXPECT_TRUE(blocks.run());
}

TEST(ArenaFork, AChildOfAChild) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  const auto inChild = [&](const auto& parentIsDone) {
    const auto inGrandchild = [&](const auto& childIsDone) {
      return childIsDone() && blocks.run() && changeAll(*arena, blocks) ? 0 : 1;
    };
    const int status = forked(*arena, inGrandchild, [] {});
    return status == 0 && blocks.run() && changeAll(*arena, blocks) && parentIsDone() ? 0 : 2;
  };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_TRUE(blocks.run()); }), 0);
}

// Nothing that is mapped writable in the child is mapped in the parent: it writes wherever it can.
TEST(ArenaFork, NoMemoryIsShared) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  const auto inChild = [&](const auto& parentIsDone) {
    std::byte* const write = blocks.small.write - (blocks.small.exec - arena->codeBase());
    std::byte* const exec = arena->codeBase();
    const size_t size = arena->codeUsage().committed;
    // Who may map memory again may also change its protection.
    if (mprotect(exec, size, PROT_READ | PROT_WRITE) != 0)
      return 2;
    memset(exec, 0xcc, size);
    memset(write, 0xcc, size);
    return parentIsDone() ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_TRUE(blocks.run()); }), 0);
}

TEST(ArenaFork, ViewsStayThoseOfCode) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  std::byte* const end = arena->codeBase() + arena->codeUsage().committed;
  const auto right = [&] {
    return protectionOf(blocks.small.exec) == "r-xs" && protectionOf(blocks.small.write) == "rw-s" &&
           protectionOf(end) == "---p" &&
           protectionOf(blocks.small.write + (end - blocks.small.exec)) == "---p";
  };
  EXPECT_TRUE(right());
  EXPECT_EQ(forked(*arena, [&](const auto&) { return right() ? 0 : 1; }, [] {}), 0);
  EXPECT_TRUE(right());
}

TEST(ArenaFork, OnlyWhatIsInUseIsCopied) {
  const auto arena = makeArena();
  const CodeBlock hole = code(*arena, kMiB, kPage), used = code(*arena, kPage, kPage);
  memset(hole.write, 0x90, kMiB);
  memcpy(used.write, kReturn42, sizeof kReturn42);
  arena->freeCode(hole);
  const auto inChild = [&](const auto&) {
    const size_t resident = residentPages(arena->codeBase(), arena->codeUsage().committed);
    return resident == 1 && run(used) == 42 ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild, [] {}), 0);
}

TEST(ArenaFork, BothSidesMapMore) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  const auto grows = [&] {
    for (int i = 0; i < 8; ++i) {
      const CodeBlock more = code(*arena, kMiB);
      memset(more.write, 0x90, kMiB);
    }
    return run(codeWith(*arena, kReturn43)) == 43 && blocks.run();
  };
  EXPECT_EQ(forked(*arena, [&](const auto&) { return grows() ? 0 : 1; }, [&] { EXPECT_TRUE(grows()); }), 0);
  // Of several segments now.
  EXPECT_EQ(forked(*arena, [&](const auto&) { return grows() ? 0 : 1; }, [&] { EXPECT_TRUE(grows()); }), 0);
}

TEST(ArenaFork, FreedCodeStaysPoisonedInTheChild) {
  ArenaOptions options;
  options.poisonFreed = true;
  const auto arena = makeArena(options);
  const CodeBlock page = code(*arena, kPage, kPage), small = codeWith(*arena, kReturn42),
                  kept = codeWith(*arena, kReturn43), unaligned = code(*arena, 3 * kPage);
  for (const CodeBlock& block : {page, small, unaligned})
    arena->freeCode(block);
  const auto inChild = [&](const auto& parentIsDone) {
    const bool right =
        protectionOf(page.exec) == "---s" && protectionOf(page.write) == "---s" &&
        isFilledWith(small.exec, small.size, 0xcc) && run(kept) == 43 &&
        isFilledWith(unaligned.exec, kPage - reinterpret_cast<uintptr_t>(unaligned.exec) % kPage, 0xcc) &&
        *(unaligned.exec + unaligned.size - 1) == std::byte(0xcc);
    arena->freeCode(kept); // the last of its page that was in use
    return right && protectionOf(kept.exec) == "---s" && parentIsDone() ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_EQ(run(kept), 43); }), 0);
}

TEST(ArenaFork, HiddenFromChildren) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  arena->hideFromChildren();
  EXPECT_TRUE(blocks.run());
  EXPECT_EQ(statusOfChild([&] {
              return protectionOf(blocks.small.exec) != "r-xs" && protectionOf(blocks.small.write) != "rw-s"
                         ? 0
                         : 1;
            }),
            0);
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // which need mappings themselves
// A process at its limit of mappings gets no copy.
TEST(ArenaFork, WithoutMemoryTheChildIsTold) {
  const auto arena = makeArena();
  const Blocks blocks(*arena);
  EXPECT_EQ(statusOfChild([&]() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
              constexpr size_t kMany = 1 << 20;
              auto* pages = static_cast<std::byte*>(mmap(nullptr, kMany * kPage, PROT_NONE,
                                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
              size_t page = 0;
              while (page < kMany && mprotect(pages + page * kPage, kPage, PROT_READ) == 0)
                page += 2;
              if (page >= kMany)
                return 77; // no limit here
              arena->forkMutex().lock();
              arena->copyForFork();
              const bool moved = arena->moveToForkCopy();
              arena->forkMutex().unlock();
              return moved || !blocks.run() ? 1 : 0;
            }),
            0);
}
#endif

TEST(CodeViewsFork, ACopyThatDoesNotFitBehindTheCodeIsMadeElsewhere) {
  void* room = mmap(nullptr, kMiB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CodeViews views(static_cast<std::byte*>(room), kMiB, /*hugePages=*/false);
  ASSERT_TRUE(views.open(kMiB, /*single=*/false));
  memcpy(views.write(kMiB - kPage), kReturn42, sizeof kReturn42);
  for (const bool inChild : {false, true}) {
    EXPECT_EQ(statusOfChild([&] {
                if (!views.openCopy(kMiB))
                  return 1;
                memcpy(views.copy(kMiB - kPage), views.exec(kMiB - kPage), kPage);
                if (!inChild)
                  views.closeCopy();
                else if (!views.moveToCopy())
                  return 2;
                const CodeBlock block{views.exec(kMiB - kPage), views.write(kMiB - kPage), 16};
                return !views.hasCopy() && run(block) == 42 && protectionOf(block.exec) == "r-xs" &&
                               protectionOf(block.write) == "rw-s"
                           ? 0
                           : 3;
              }),
              0);
  }
  munmap(room, kMiB);
}

TEST(ArenaFork, SingleMemoryIsPrivate) {
  ArenaOptions options;
  options.singleMapping = true;
  const auto arena = makeArena(options);
  const CodeBlock block = codeWith(*arena, kReturn42);
  const auto inChild = [&](const auto& parentIsDone) { return parentIsDone() && run(block) == 42 ? 0 : 1; };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     arena->freeCode(block);
                     const CodeBlock next = codeWith(*arena, kReturn43);
                     EXPECT_EQ(next.exec, block.exec); // freed as usual
                     EXPECT_EQ(run(next), 43);
                   }),
            0);
}

TEST(ArenaFork, DataIsFreedAsUsual) {
  const auto arena = makeArena();
  std::byte* const block = data(*arena, kMiB, 4096);
  memset(block, 7, kMiB);
  const auto inChild = [&](const auto& parentIsDone) {
    return parentIsDone() && isFilledWith(block, kMiB, 7) ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     arena->freeData(block, kMiB, 4096);
                     EXPECT_EQ(data(*arena, kMiB, 4096), block);
                   }),
            0);
}

} // namespace
} // namespace tiercel
