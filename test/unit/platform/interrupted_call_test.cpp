// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/interrupted_call.h"
#include "platform/proc_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <poll.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace tiercel {
namespace {

long callIn(std::initializer_list<unsigned char> bytes) {
  std::array<unsigned char, 32> code{};
  std::copy(bytes.begin(), bytes.end(), code.end() - static_cast<ptrdiff_t>(bytes.size()));
  return restartableCallBefore(code.data() + code.size());
}

TEST(InterruptedCall, RecognisesLibcsCode) {
  EXPECT_EQ(callIn({0x89, 0xdf, 0xb8, 0x07, 0, 0, 0, 0x0f, 0x05}), SYS_poll);
  EXPECT_EQ(callIn({0x48, 0x8b, 0x7c, 0x24, 0x08, 0xb8, 0x0e, 0x01, 0, 0, 0x0f, 0x05}), SYS_pselect6);
  EXPECT_EQ(callIn({0xb8, 0x19, 0x01, 0, 0, 0x8b, 0x7c, 0x24, 0x04, 0x0f, 0x05}), SYS_epoll_pwait);
  EXPECT_EQ(callIn({0xb8, 0xca, 0, 0, 0, 0x40, 0x80, 0xf6, 0x80, 0x0f, 0x05}), SYS_futex);
}

TEST(InterruptedCall, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(callIn({0xb8, 0x07, 0, 0, 0, 0x90, 0x90}), -1) << "no syscall";
  EXPECT_EQ(callIn({0x48, 0x89, 0xf8, 0x0f, 0x05}), -1) << "mov %rdi, %rax";
  EXPECT_EQ(callIn({0x41, 0xb8, 0x07, 0, 0, 0, 0x0f, 0x05}), -1) << "mov $7, %r8d";
  EXPECT_EQ(callIn({0x8b, 0xb8, 0xe8, 0, 0, 0, 0x0f, 0x05}), -1) << "mov 0xe8(%rax), %edi";
  EXPECT_EQ(callIn({0xc7, 0x45, 0xb8, 0x07, 0, 0, 0, 0x0f, 0x05}), -1) << "movl $7, -0x48(%rbp)";
  EXPECT_EQ(callIn({0xc7, 0x44, 0x24, 0xb8, 0x07, 0, 0, 0, 0x0f, 0x05}), -1) << "movl $7, -0x48(%rsp)";
  EXPECT_EQ(callIn({0x89, 0xdf, 0xb8, 0x03, 0, 0, 0, 0x0f, 0x05}), -1) << "close has done its work";
}

void onRestart(int /*signal*/, siginfo_t* /*info*/, void* context) {
  restartInterruptedCall(*static_cast<ucontext_t*>(context));
}
void onRestartAfterAnother(int /*signal*/, siginfo_t* /*info*/, void* context) {
  raise(SIGUSR2);
  restartInterruptedCall(*static_cast<ucontext_t*>(context));
}

struct PollResult {
  int count, error;
};

/// Lets poll wait for 500 ms in a thread, which gets SIGUSR1 as soon as it waits.
PollResult interruptPoll(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction ours{}, previous{}, other{}, previousOther{};
  ours.sa_sigaction = handler;
  ours.sa_flags = SA_SIGINFO;
  sigfillset(&ours.sa_mask);
  other.sa_handler = [](int) {};
  sigaction(SIGUSR1, &ours, &previous);
  sigaction(SIGUSR2, &other, &previousOther);
  std::atomic<pid_t> id{0};
  PollResult result{};
  std::thread waiter([&] {
    id = gettid();
    result.count = poll(nullptr, 0, 500);
    result.error = errno;
  });
  ThreadCall call;
  while (id == 0 || (readCall(id, call) == ProcRead::Ok && call.number != SYS_poll))
    std::this_thread::yield();
  pthread_kill(waiter.native_handle(), SIGUSR1);
  waiter.join();
  sigaction(SIGUSR1, &previous, nullptr);
  sigaction(SIGUSR2, &previousOther, nullptr);
  return result;
}

TEST(InterruptedCall, IsMadeAgain) { EXPECT_EQ(interruptPoll(onRestart).count, 0); }

TEST(InterruptedCall, FailsIfAnotherHandlerWillRun) {
  const PollResult result = interruptPoll(onRestartAfterAnother);
  EXPECT_EQ(result.count, -1);
  EXPECT_EQ(result.error, EINTR);
}

} // namespace
} // namespace tiercel
