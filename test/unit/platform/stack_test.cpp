// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <utility>

namespace tiercel {
namespace {

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

/// Who saw a thread on a stack can still ask what it was on when the stack has gone.
TEST(Stack, AddressesAreForStacksOnly) {
  uintptr_t where = 0;
  constexpr size_t kBelow = 1 << 20;
  const auto touch = [&where](Stack& stack, char expected) {
    stack.run([&] {
      where = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
      volatile char* word = reinterpret_cast<char*>(where - kBelow);
      EXPECT_EQ(*word, expected);
      *word = 1;
    });
  };
  {
    Result<Stack> stack = Stack::create();
    ASSERT_TRUE(stack) << stack.error().message();
    touch(*stack, 0);
    touch(*stack, 1);
  }
  const uintptr_t before = where;
  EXPECT_TRUE(Stack::contains(before));
  EXPECT_TRUE(Stack::contains(before - kBelow));
  Result<Stack> again = Stack::create();
  ASSERT_TRUE(again) << again.error().message();
  touch(*again, 0); // the memory was given back meanwhile
  EXPECT_EQ(where, before);
}

extern "C" intptr_t tiercel_take_stack();

TEST(Stack, AChildUsesThoseOfThreadsThatItDoesNotHave) {
  intptr_t ofEntry = 0;
  uintptr_t ofObject = 0;
  std::optional<Stack> object; // as of a compile session, which any thread may use later
  std::thread([&] {
    ofEntry = tiercel_take_stack(); // as by a first call that it is in when the process forks
    Result<Stack> created = Stack::create();
    if (!created)
      return;
    created->run([&] { ofObject = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); });
    object.emplace(std::move(*created));
  }).join();
  ASSERT_GT(ofEntry, 0);
  ASSERT_TRUE(object);
  const intptr_t own = tiercel_take_stack();
  const pid_t child = fork();
  if (child == 0) {
    Stack::forgetThreads();
    const std::optional<Stack::At> kept = Stack::at(ofObject);
    bool again = false;
    for (int i = 0; i < 20 && !again; ++i) { // others may be free as well
      const intptr_t taken = tiercel_take_stack();
      if (taken <= 0 || taken == own || taken == static_cast<intptr_t>(kept->top))
        _exit(2);
      again = taken == ofEntry;
    }
    _exit(again ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(StackDeathTest, OverflowHitsTheGuardPage) {
  EXPECT_EXIT(
      {
        Result<Stack> stack = Stack::create();
        stack->run([] { useStack(1 << 20); });
      },
      testing::KilledBySignal(SIGSEGV), "");
}

// --- under a trap after every instruction -----------------------------------------------------------------

#if __has_feature(thread_sanitizer)
constexpr bool kMayInterruptAnything = false;
#else
constexpr bool kMayInterruptAnything = true;
#endif

constexpr greg_t kTrapFlag = 0x100;

volatile sig_atomic_t stepping, steps, strayed;
uintptr_t stackBegin, stackEnd;

/// After every instruction while `stepping`.
void onTrap(int /*signal*/, siginfo_t* /*info*/, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const auto sp = static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  if ((sp < stackBegin || sp >= stackEnd) && !Stack::contains(sp))
    strayed = strayed + 1;
  steps = steps + 1;
  if (stepping)
    context.uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
  else
    context.uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
}

/// A handler may interrupt the switch anywhere; who looks at the thread then must know where it is.
TEST(Stack, TheStackPointerIsOnAStackAtEveryInstruction) {
  if (!kMayInterruptAnything)
    GTEST_SKIP() << "ThreadSanitizer has functions that must not be interrupted";
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  void* begin = nullptr;
  size_t size = 0;
  ASSERT_EQ(pthread_attr_getstack(&attributes, &begin, &size), 0);
  pthread_attr_destroy(&attributes);
  stackBegin = reinterpret_cast<uintptr_t>(begin);
  stackEnd = stackBegin + size;
  Result<Stack> stack = Stack::create();
  ASSERT_TRUE(stack) << stack.error().message();
  struct sigaction action{}, previous{};
  action.sa_sigaction = onTrap;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ASSERT_EQ(sigaction(SIGTRAP, &action, &previous), 0);
  bool within = false;

  stepping = 1;
  raise(SIGTRAP);
  stack->run([&] { within = Stack::contains(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))); });
  stepping = 0;
  raise(SIGTRAP);

  sigaction(SIGTRAP, &previous, nullptr);
  EXPECT_TRUE(within);
  EXPECT_GT(steps, 20);
  EXPECT_EQ(strayed, 0);
}

} // namespace
} // namespace tiercel
