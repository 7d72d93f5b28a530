// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/program_state_guard.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cfenv>
#include <csignal>
#include <pthread.h>

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

} // namespace
} // namespace tiercel
