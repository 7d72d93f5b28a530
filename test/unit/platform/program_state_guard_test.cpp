// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/program_state_guard.h"
#include "platform/stack.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cfenv>
#include <csignal>
#include <cstdint>
#include <pthread.h>
#include <utility>

namespace tiercel {
namespace {

bool isBlocked(int signal) {
  sigset_t current;
  pthread_sigmask(SIG_SETMASK, nullptr, &current);
  return sigismember(&current, signal) == 1;
}

TEST(ProgramStateGuard, PutsEverythingBack) {
  fesetround(FE_UPWARD);
  errno = 77;
  {
    ProgramStateGuard guard;
    EXPECT_TRUE(isBlocked(SIGUSR1));
    EXPECT_TRUE(isBlocked(SIGALRM));
    EXPECT_EQ(fegetround(), FE_TONEAREST) << "constants must not be folded with the program's rounding";
    int state = -1;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    EXPECT_EQ(state, PTHREAD_CANCEL_DISABLE);
    errno = 1;
    feraiseexcept(FE_INVALID);
  }
  EXPECT_EQ(errno, 77);
  EXPECT_EQ(fegetround(), FE_UPWARD);
  EXPECT_EQ(fetestexcept(FE_INVALID), 0);
  EXPECT_FALSE(isBlocked(SIGUSR1));
  int state = -1;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
  EXPECT_EQ(state, PTHREAD_CANCEL_ENABLE);
  fesetenv(FE_DFL_ENV);
}

TEST(ProgramStateGuard, KeepsSignalsThatTheProgramHadBlocked) {
  sigset_t one, before;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &one, &before);
  {
    ProgramStateGuard guard;
  }
  EXPECT_TRUE(isBlocked(SIGUSR2));
  EXPECT_FALSE(isBlocked(SIGUSR1));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Uses about `depth` KiB of stack.
[[gnu::noinline, clang::disable_tail_calls]] int useStack(int depth) { // NOLINT(misc-no-recursion)
  volatile char frame[1024];
  const int place = depth % 1024; // so that all of the frame is needed
  frame[place] = static_cast<char>(depth);
  return depth == 0 ? 0 : useStack(depth - 1) + (frame[place] == static_cast<char>(depth));
}

TEST(Stack, RunsElsewhereAndComesBack) {
  Result<Stack> stack = Stack::create();
  ASSERT_TRUE(stack) << stack.error().message();
  int here = 0;
  uintptr_t there = 0;
  int result = 0;
  stack->run([&] {
    int local = 0;
    there = reinterpret_cast<uintptr_t>(&local);
    result = useStack(40 << 10); // 40 MiB, far more than the usual limit
  });
  EXPECT_EQ(result, 40 << 10);
  const auto distance = static_cast<intptr_t>(there - reinterpret_cast<uintptr_t>(&here));
  EXPECT_GT(std::abs(distance), 1 << 20);
}

TEST(Stack, MovedOnesWork) {
  Result<Stack> first = Stack::create();
  ASSERT_TRUE(first);
  Stack second = std::move(*first);
  bool ran = false;
  second.run([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(StackDeathTest, OverflowHitsTheGuardPage) {
  EXPECT_EXIT(
      {
        Result<Stack> stack = Stack::create();
        stack->run([] { useStack(1 << 20); });
      },
      testing::KilledBySignal(SIGSEGV), "");
}

} // namespace
} // namespace tiercel
