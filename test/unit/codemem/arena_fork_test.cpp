// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code memory is shared with a forked child: neither side may change what the other may be running.
#include "unit/support/arenas.h"

#include <sys/socket.h>

namespace tiercel {
namespace {

constexpr size_t kMiB = size_t(1) << 20;

/// What the engine's fork handlers do to the arena.
void afterFork(Arena& arena, bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  arena.forkMutex().lock();
  arena.freezeForFork();
  if (inChild)
    arena.abandonOpenSegment();
  arena.forkMutex().unlock();
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
  const pid_t pid = fork();
  close(ends[pid == 0 ? 0 : 1]); // whoever waits for one that is gone is told so
  if (pid == 0) {
    afterFork(arena, true);
    _exit(child([&] { return tell(ends[1]) && hear(ends[1]); }));
  }
  afterFork(arena, false);
  EXPECT_TRUE(hear(ends[0]));
  parent();
  EXPECT_TRUE(tell(ends[0]));
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  close(ends[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ArenaFork, AChildWritesElsewhere) {
  const auto arena = makeArena();
  const CodeBlock shared = codeWith(*arena, kReturn42);
  const auto inChild = [&](const auto& parentIsDone) {
    Result<CodeBlock> own = arena->allocateCode(sizeof kReturn43, 16);
    if (!own)
      return 1;
    memcpy(own->write, kReturn43, sizeof kReturn43);
    return parentIsDone() && run(*own) == 43 && run(shared) == 42 ? 0 : 2;
  };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     // This is where the child would have written, had it gone on in the same pages.
                     const CodeBlock next = code(*arena, sizeof kReturn42);
                     EXPECT_TRUE(isFilledWith(next.exec, next.size, 0));
                     memset(next.write, 0xcc, next.size);
                   }),
            0);
}

TEST(ArenaFork, WhatTheParentFreesGoesOnRunningInTheChild) {
  const auto arena = makeArena();
  const CodeBlock small = codeWith(*arena, kReturn42);
  const CodeBlock large = code(*arena, kMiB, 4096); // many whole pages
  memcpy(large.write, kReturn43, sizeof kReturn43);
  const auto inChild = [&](const auto& parentIsDone) {
    return parentIsDone() && run(small) == 42 && run(large) == 43 ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     const size_t used = arena->codeUsage().used;
                     arena->freeCode(small);
                     arena->freeCode(large);
                     EXPECT_EQ(arena->codeUsage().used, used - 16 - kMiB);
                     EXPECT_EQ(arena->codeUsage().lost, 16 + kMiB);
                     EXPECT_EQ(arena->codeUsage().frozen, 16 + kMiB);
                     EXPECT_EQ(run(small), 42);
                     EXPECT_EQ(run(large), 43);
                     EXPECT_NE(code(*arena, sizeof kReturn42).exec, small.exec);
                   }),
            0);
}

TEST(ArenaFork, WhatTheChildFreesGoesOnRunningInTheParent) {
  const auto arena = makeArena();
  const CodeBlock small = codeWith(*arena, kReturn42);
  const CodeBlock large = code(*arena, kMiB, 4096);
  memcpy(large.write, kReturn43, sizeof kReturn43);
  const auto inChild = [&](const auto& parentIsDone) {
    arena->freeCode(small);
    arena->freeCode(large);
    Result<CodeBlock> own = arena->allocateCode(kMiB, 16);
    return own && own->exec != large.exec && parentIsDone() && arena->codeUsage().used == kMiB ? 0 : 1;
  };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     EXPECT_EQ(run(small), 42);
                     EXPECT_EQ(run(large), 43);
                   }),
            0);
}

TEST(ArenaFork, HolesRemainTheParentsAlone) {
  const auto arena = makeArena();
  const CodeBlock hole = code(*arena, 64);
  const CodeBlock shared = codeWith(*arena, kReturn42);
  arena->freeCode(hole);
  const auto inChild = [&](const auto& parentIsDone) {
    for (int i = 0; i < 100; ++i) {
      Result<CodeBlock> own = arena->allocateCode(64, 16);
      if (!own || own->exec == hole.exec)
        return 1;
      memset(own->write, 0x90, own->size);
    }
    return !arena->allocateCodeAt(hole.exec, 64) && parentIsDone() && run(shared) == 42 ? 0 : 2;
  };
  EXPECT_EQ(forked(*arena, inChild,
                   [&] {
                     EXPECT_TRUE(isFilledWith(hole.exec, hole.size, 0xcc));
                     EXPECT_EQ(code(*arena, 64).exec, hole.exec);
                   }),
            0);
}

TEST(ArenaFork, NewCodeIsFreedAsUsualOnBothSides) {
  const auto arena = makeArena();
  codeWith(*arena, kReturn42);
  const auto reuses = [&] {
    const CodeBlock own = codeWith(*arena, kReturn43);
    if (run(own) != 43)
      return false;
    arena->freeCode(own);
    return codeWith(*arena, kReturn42).exec == own.exec && run(own) == 42;
  };
  const auto inChild = [&](const auto& parentIsDone) { return reuses() && parentIsDone() ? 0 : 1; };
  EXPECT_EQ(forked(*arena, inChild, [&] { EXPECT_TRUE(reuses()); }), 0);
}

TEST(ArenaFork, PoisonSparesWhatTheOtherSideMayRun) {
  ArenaOptions options;
  options.poisonFreed = true;
  const auto arena = makeArena(options);
  const CodeBlock page = code(*arena, 4096, 4096);
  memcpy(page.write, kReturn42, sizeof kReturn42);
  const auto inChild = [&](const auto& parentIsDone) { return parentIsDone() && run(page) == 42 ? 0 : 1; };
  EXPECT_EQ(forked(*arena, inChild, [&] { arena->freeCode(page); }), 0);
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
