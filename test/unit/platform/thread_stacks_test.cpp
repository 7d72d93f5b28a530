// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"
#include "platform/thread_stacks.h"
#include "unit/support/await.h"
#include "unit/support/engines.h"
#include "unit/support/stack_scans.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>
#include <functional>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

TEST_F(ThreadStacksTest, OwnFrame) {
  holding(10, [&] { expectComplete(scan()); });
  EXPECT_TRUE(found[10]);
  EXPECT_FALSE(found[11]) << "nobody has it";
}

TEST_F(ThreadStacksTest, RegisterOfARunningThread) {
  std::atomic<bool> ready{false};
  std::atomic<char> stop{0};
  std::thread thread([&] {
    ready = true;
    asm volatile("movq %0, %%r12\n\taddq $20, %%r12\n\t1: cmpb $0, (%1)\n\tje 1b\n\txorl %%r12d, %%r12d"
                 :
                 : "r"(kBegin), "r"(&stop)
                 : "r12", "memory", "cc");
  });
  await(ready);
  const auto outcome = scan();
  stop = 1;
  thread.join();
  expectComplete(outcome);
  EXPECT_TRUE(found[20]);
  EXPECT_EQ(outcome.signalled, 1u);
}

TEST_F(ThreadStacksTest, DeepFrames) {
  std::atomic<bool> ready{false}, stop{false};
  std::thread thread([&] {
    holding(30, [&] {
      descend(1000, [&] {
        ready = true;
        spin(stop);
      });
    });
  });
  await(ready);
  const auto outcome = scan();
  stop = true;
  thread.join();
  expectComplete(outcome);
  EXPECT_TRUE(found[30]);
  EXPECT_GT(outcome.longestPauseNs, 0u);
  RecordProperty("pauseNs", std::to_string(outcome.longestPauseNs));
}

/// One call that waits, and its result; the storm must not change it.
struct Waiting {
  const char* name;
  long number;
  std::function<bool()> asExpected;
};

uint64_t clockNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
}

TEST_F(ThreadStacksTest, WaitingThreadsAreSeenAndNotDisturbed) {
  constexpr uint64_t kWaitNs = 600'000'000;
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  int word = 1;
  const timespec wait{0, kWaitNs};
  const std::vector<Waiting> calls = {
      {"poll", SYS_poll, [] { return poll(nullptr, 0, kWaitNs / 1'000'000) == 0; }},
      {"nanosleep", SYS_clock_nanosleep, [&] { return nanosleep(&wait, nullptr) == 0; }},
      {"futex", SYS_futex,
       [&] {
         return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &wait, nullptr, 0) == -1 &&
                errno == ETIMEDOUT;
       }},
      {"read", SYS_read,
       [&] {
         char byte = 0;
         return read(channel[0], &byte, 1) == 1;
       }},
  };
  std::vector<std::thread> threads;
  threads.reserve(calls.size());
  std::vector<std::atomic<pid_t>> ids(calls.size());
  std::vector<std::atomic<bool>> right(calls.size());
  std::atomic<unsigned> left{3}; // that end by themselves
  for (size_t i = 0; i < calls.size(); ++i)
    threads.emplace_back([&, i] {
      holding(40 + i, [&, i] {
        const uint64_t begin = clockNs();
        ids[i] = gettid();
        right[i] = calls[i].asExpected() && (calls[i].number == SYS_read || clockNs() - begin >= kWaitNs);
        if (calls[i].number != SYS_read)
          --left;
      });
    });
  for (size_t i = 0; i < calls.size(); ++i)
    awaitCall(ids[i], calls[i].number);
  unsigned blocked = 0;
  for (bool first = true; left != 0; first = false) {
    const auto outcome = scan();
    expectComplete(outcome);
    blocked += outcome.blocked;
    if (first)
      for (size_t i = 0; i < calls.size(); ++i)
        EXPECT_TRUE(found[40 + i]) << calls[i].name;
  }
  ASSERT_EQ(write(channel[1], "x", 1), 1);
  for (auto& thread : threads)
    thread.join();
  for (size_t i = 0; i < calls.size(); ++i)
    EXPECT_TRUE(right[i]) << calls[i].name;
  EXPECT_GE(blocked, calls.size());
  close(channel[0]);
  close(channel[1]);
}

/// Calls that begin and end all the time, so that some scans meet their beginning.
TEST_F(ThreadStacksTest, ShortWaitsAreNotInterrupted) {
  std::atomic<bool> stop{false};
  std::atomic<unsigned> interrupted{0};
  std::thread thread([&] {
    while (!stop) {
      const timespec moment{0, 20'000};
      interrupted += nanosleep(&moment, nullptr) != 0;
      for (volatile int i = 0; i < 1'000'000; i = i + 1) {
      }
      interrupted += poll(nullptr, 0, 1) != 0;
    }
  });
  unsigned signalled = 0;
  for (int i = 0; i < 300; ++i) {
    const auto outcome = scan();
    expectComplete(outcome);
    signalled += outcome.signalled;
  }
  stop = true;
  thread.join();
  EXPECT_EQ(interrupted, 0u);
  RecordProperty("signalled", std::to_string(signalled));
}

// --- signal handlers and alternate stacks -----------------------------------------------------------------

TEST_F(ThreadStacksTest, HandlerOnAnAlternateStack) {
  std::atomic<bool> ready{false}, stop{false};
  std::vector<char> memory(kAlternateBytes);
  std::thread thread([&] {
    onAlternateStack(50, memory.data(), memory.size(), SA_NODEFER, [&] {
      holding(51, [&] {
        ready = true;
        spin(stop);
      });
    });
  });
  await(ready);
  const auto outcome = scan();
  stop = true;
  thread.join();
  expectComplete(outcome);
  EXPECT_TRUE(found[50]) << "the interrupted frame";
  EXPECT_TRUE(found[51]) << "the handler's frame";
}

/// It has to wait when others change mappings.
TEST_F(ThreadStacksTest, ThreadsThatLookAtThemselvesAndHaveAnAlternateStackAreNotForeign) {
  std::atomic<bool> ready{false}, stop{false};
  std::vector<char> memory(kAlternateBytes);
  std::thread thread([&] {
    stack_t alternate{}, before{};
    alternate.ss_sp = memory.data();
    alternate.ss_size = memory.size();
    sigaltstack(&alternate, &before);
    descend(5000, [&] {
      ready = true;
      spin(stop);
    });
    sigaltstack(&before, nullptr);
  });
  std::thread changesMappings([&] {
    constexpr size_t kBytes = 64 << 20; // a change of so much takes a while
    void* pages =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    for (int protection = PROT_READ; !stop; protection ^= PROT_WRITE)
      mprotect(pages, kBytes, protection);
    munmap(pages, kBytes);
  });
  await(ready);
  expectNeverForeign(100, kLittleNs);
  stop = true;
  thread.join();
  changesMappings.join();
}

/// The handler's frames lie above those that it interrupted.
ON_THE_STACK void alternateInsideThePrimary(const std::function<void()>& body) {
  alignas(16) std::array<char, kAlternateBytes> memory;
  memory[0] = 0;
  descend(10, [&] { onAlternateStack(60, memory.data(), memory.size(), SA_NODEFER, body); });
}

TEST_F(ThreadStacksTest, AlternateStackInsideThePrimaryWaiting) {
  std::atomic<pid_t> id{0};
  std::atomic<uint32_t> word{0};
  std::thread thread([&] {
    alternateInsideThePrimary([&] {
      id = gettid();
      while (word == 0)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
    });
  });
  awaitCall(id, SYS_futex);
  const auto outcome = scan();
  word = 1;
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  thread.join();
  expectComplete(outcome);
  EXPECT_TRUE(found[60]);
}

TEST_F(ThreadStacksTest, AlternateStackInsideThePrimaryRunning) {
  std::atomic<bool> ready{false}, stop{false};
  std::thread thread([&] {
    alternateInsideThePrimary([&] {
      ready = true;
      spin(stop);
    });
  });
  await(ready);
  const auto outcome = scan();
  stop = true;
  thread.join();
  expectComplete(outcome);
  EXPECT_TRUE(found[60]);
}

TEST_F(ThreadStacksTest, BlockedSignalsMakeItIncomplete) {
  std::atomic<bool> ready{false}, stop{false};
  std::thread thread([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    ready = true;
    spin(stop);
  });
  await(ready);
  const auto outcome = scan(kLittleNs);
  stop = true;
  thread.join();
  EXPECT_FALSE(outcome.complete);
  EXPECT_FALSE(outcome.foreignStack);
  EXPECT_NE(outcome.why.find("signal blocked"), std::string::npos) << outcome.why;
  EXPECT_EQ(outcome.signalled, 0u);
}

// --- other stacks -----------------------------------------------------------------------------------------

std::function<void()> inCoroutine;

/// Runs `body` in a coroutine of the calling thread.
void asCoroutine(const std::function<void()>& body) {
  std::vector<char> memory(kAlternateBytes);
  ucontext_t caller, coroutine;
  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = memory.data();
  coroutine.uc_stack.ss_size = memory.size();
  coroutine.uc_link = &caller;
  inCoroutine = body;
  makecontext(&coroutine, [] { inCoroutine(); }, 0);
  swapcontext(&caller, &coroutine);
}

TEST_F(ThreadStacksTest, CoroutineThatRunsIsForeign) {
  std::atomic<bool> ready{false}, stop{false};
  std::thread thread([&] {
    asCoroutine([&] {
      ready = true;
      spin(stop);
    });
  });
  await(ready);
  const auto outcome = scan();
  stop = true;
  thread.join();
  EXPECT_FALSE(outcome.complete);
  EXPECT_TRUE(outcome.foreignStack);
}

TEST_F(ThreadStacksTest, CoroutineThatWaitsIsForeign) {
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  std::atomic<pid_t> id{0};
  std::thread thread([&] {
    asCoroutine([&] {
      id = gettid();
      char byte = 0;
      EXPECT_EQ(read(channel[0], &byte, 1), 1);
    });
  });
  awaitCall(id, SYS_read);
  const auto outcome = scan();
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  thread.join();
  EXPECT_FALSE(outcome.complete);
  EXPECT_TRUE(outcome.foreignStack);
  close(channel[0]);
  close(channel[1]);
}

/// Who asks for a scan on a stack of the engine's, in a first call, is looked at through the switch.
TEST_F(ThreadStacksTest, FromAStackOfTheEngines) {
  auto stack = Stack::create();
  ASSERT_TRUE(stack);
  holding(71, [&] { stack->run([&] { holding(72, [&] { expectComplete(scan()); }); }); });
  EXPECT_TRUE(found[71]);
  EXPECT_TRUE(found[72]);
}

TEST_F(ThreadStacksTest, CompileStacksAreWaitedFor) {
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  std::atomic<pid_t> id{0};
  std::thread thread([&] {
    auto stack = Stack::create();
    ASSERT_TRUE(stack);
    holding(70, [&] {
      stack->run([&] {
        EXPECT_TRUE(Stack::contains(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))));
        id = gettid();
        char byte = 0;
        EXPECT_EQ(read(channel[0], &byte, 1), 1);
      });
      id = 0;
      char byte = 0;
      id = gettid();
      EXPECT_EQ(read(channel[0], &byte, 1), 1);
    });
  });
  awaitCall(id, SYS_read);
  const auto during = scan(kLittleNs);
  EXPECT_FALSE(during.complete);
  EXPECT_FALSE(during.foreignStack) << during.why;
  id = 0;
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  awaitCall(id, SYS_read);
  expectComplete(scan());
  EXPECT_TRUE(found[70]);
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  thread.join();
  close(channel[0]);
  close(channel[1]);
}

/// A compile stack may end between the look at where a thread waits and the question what stack that is.
TEST_F(ThreadStacksTest, CompileStacksThatEndAreNotForeign) {
  std::atomic<bool> stop{false};
  std::array<std::thread, 3> threads;
  for (std::thread& thread : threads)
    thread = std::thread([&] {
      while (!stop) {
        auto stack = Stack::create();
        ASSERT_TRUE(stack);
        stack->run([] { poll(nullptr, 0, 1); });
      }
    });
  expectNeverForeign(1000, kShortNs);
  stop = true;
  for (std::thread& thread : threads)
    thread.join();
}

// --- processes and threads that come and go ---------------------------------------------------------------

TEST_F(ThreadStacksTest, VforkMakesItIncomplete) {
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  std::atomic<pid_t> id{0};
  std::thread thread([&] {
    id = gettid();
    const pid_t child = vfork(); // NOLINT(bugprone-unsafe-functions)
    if (child == 0) {
      char byte = 0;
      _exit(read(channel[0], &byte, 1) == 1 ? 0 : 1);
    }
    waitpid(child, nullptr, 0);
  });
  awaitCall(id, SYS_vfork);
  const auto outcome = scan(kLittleNs);
  EXPECT_FALSE(outcome.complete);
  EXPECT_FALSE(outcome.foreignStack);
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  thread.join();
  close(channel[0]);
  close(channel[1]);
}

/// Forks in `thread`; what `test` returns in the child is the child's exit status, which must be 0.
template <typename Test> void inChild(const Test& test) {
  // Its fork handlers take the scanner's lock with those of the engines.
  static const auto engine = makeEngine();
  const pid_t child = fork();
  if (child == 0)
    _exit(test());
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ThreadStacksTest, WorksInAChildForkedByAnyThread) {
  const auto test = [&] {
    for (auto& one : found)
      one = false;
    int status = 1;
    holding(80, [&] {
      std::atomic<bool> ready{false}, stop{false};
      const pthread_t forker = pthread_self();
      std::atomic<bool> complete{false};
      // Another thread scans, and this one, whose id is the process's, is scanned.
      std::thread thread([&] {
        await(ready);
        complete = scan().complete;
        stop = true;
      });
      EXPECT_NE(forker, thread.native_handle());
      ready = true;
      spin(stop);
      thread.join();
      status = complete && found[80] ? 0 : 2;
    });
    return status;
  };
  inChild(test);
  std::thread([&] { inChild(test); }).join();
}

TEST_F(ThreadStacksTest, MainThreadThatEndedIsNotMissed) {
  inChild([&]() -> int {
    static std::atomic<pid_t> leader;
    leader = gettid();
    std::thread([&] {
      ThreadCall call;
      while (readCall(leader, call) == ProcRead::Ok && (!call.waiting || call.sp != 0))
        std::this_thread::yield();
      const auto outcome = scan();
      EXPECT_TRUE(outcome.complete) << outcome.why;
      _exit(outcome.complete ? 0 : 3);
    }).detach();
    syscall(SYS_exit, 0);
    return 4;
  });
}

TEST_F(ThreadStacksTest, ThreadsThatComeAndGo) {
  std::atomic<bool> ready{false}, stop{false}, ended{false};
  std::thread holder([&] {
    holding(90, [&] {
      ready = true;
      spin(stop);
    });
  });
  std::thread storm([&] {
    while (!ended) {
      std::array<std::thread, 4> some;
      for (auto& one : some)
        one = std::thread([] {
          for (volatile int i = 0; i < 1000; i = i + 1) {
          }
        });
      for (auto& one : some)
        one.join();
    }
  });
  await(ready);
  for (int i = 0; i < 100; ++i) {
    found[90] = false;
    expectComplete(scan());
    EXPECT_TRUE(found[90]);
  }
  stop = true;
  ended = true;
  holder.join();
  storm.join();
}

TEST_F(ThreadStacksTest, ExcludedThreadsAreNotLookedAt) {
  std::atomic<pid_t> id{0};
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    holding(95, [&] {
      id = gettid();
      spin(stop);
    });
  });
  while (id == 0)
    std::this_thread::yield();
  const std::array<pid_t, 1> excluded = {id};
  const auto outcome = scan(kPlentyNs, excluded);
  stop = true;
  thread.join();
  expectComplete(outcome);
  EXPECT_FALSE(found[95]);
  EXPECT_EQ(outcome.signalled, 0u);
}

// --- the signal -------------------------------------------------------------------------------------------

bool hasDefaultDisposition(int signal) {
  struct sigaction action{};
  sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_DFL;
}

TEST_F(ThreadStacksTest, TheHandlerGoesWithTheLastShare) {
  const int signal = stacks_->signal();
  EXPECT_FALSE(hasDefaultDisposition(signal));
  auto second = ThreadStacks::acquire(0);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->signal(), signal);
  EXPECT_FALSE(ThreadStacks::acquire(signal - 1));
  *second = nullptr;
  EXPECT_FALSE(hasDefaultDisposition(signal));
  stacks_ = nullptr;
  EXPECT_TRUE(hasDefaultDisposition(signal));
}

TEST_F(ThreadStacksTest, StrangersSignalsAreIgnored) {
  raise(stacks_->signal());
  sigval value{};
  value.sival_int = 33;
  EXPECT_EQ(sigqueue(getpid(), stacks_->signal(), value), 0);
  expectComplete(scan());
}

TEST_F(ThreadStacksTest, AProgramThatTakesTheSignalMakesItIncomplete) {
  struct sigaction action{}, before{}, after{};
  action.sa_handler = SIG_IGN;
  sigaction(stacks_->signal(), &action, &before);
  EXPECT_FALSE(scan().complete);
  const int signal = stacks_->signal();
  stacks_ = nullptr;
  sigaction(signal, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_IGN) << "the program's is left alone";
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

} // namespace
} // namespace tiercel
