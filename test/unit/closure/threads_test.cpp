// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Closures freed while other threads are in them or on their way, ends of threads, fork, and systems without
// membarrier.
#include "tiercel/closure.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

/// Says whether it was destroyed, and is full of a value that changes then.
struct Payload {
  Payload(int v, std::atomic<int>& count) : value(v), check(~v), alive(&count) { ++count; }
  Payload(Payload&& other) noexcept
      : value(other.value), check(other.check), alive(std::exchange(other.alive, nullptr)) {}
  ~Payload() {
    value = check = 0;
    if (alive)
      --*alive;
  }
  int value, check;
  std::atomic<int>* alive;
};

using SevenInts = int(int, int, int, int, int, int, int);

/// The reference that this thread calls by; the callable drops it.
template <typename Sig> thread_local Closure<Sig> held;

/// Threads call what stands in a table while others replace it. The caller's reference goes at the beginning
/// of the call, so most closures are freed while they run: by themselves, by other calls of theirs, or by who
/// replaces them.
template <typename Sig, typename... Rest> void callWhileReplacing(Rest... rest) {
  constexpr int kEntries = 8, kCalls = 20'000, kReplacements = 20'000;
  std::atomic<int> alive{0}, wrong{0};
  struct Entry {
    std::mutex mutex;
    Closure<Sig> closure;
  };
  std::vector<Entry> table(kEntries);
  auto replace = [&](int index, int value) {
    auto made = makeClosure<Sig>([&, payload = Payload(value, alive)](int argument, Rest...) {
      const bool whole = payload.check == ~payload.value;
      held<Sig> = {};
      if (argument % 64 == 0)
        std::this_thread::yield(); // long enough to be freed meanwhile
      if (!whole || payload.check != ~payload.value)
        ++wrong;
      return payload.value;
    });
    ASSERT_TRUE(made);
    const std::lock_guard lock(table[size_t(index)].mutex);
    std::swap(table[size_t(index)].closure, *made);
  };
  for (int i = 0; i < kEntries; ++i)
    replace(i, i);

  std::vector<std::thread> threads;
  threads.reserve(5);
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        Entry& entry = table[size_t(i * 7 + t) % kEntries];
        {
          const std::lock_guard lock(entry.mutex);
          held<Sig> = entry.closure;
        }
        Sig* const function = held<Sig>.get();
        if (function(i, rest...) % kEntries != (i * 7 + t) % kEntries)
          ++wrong;
      }
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kReplacements; ++i)
        replace((i + t) % kEntries, (i + t) % kEntries + kEntries * (i % 100));
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  table.clear();
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
}

TEST(ClosureThreads, CalledWhileReplaced) { callWhileReplacing<int(int)>(); }
TEST(ClosureThreads, CalledWhileReplacedOnTheStack) { callWhileReplacing<SevenInts>(1, 2, 3, 4, 5, 6); }

/// Nobody holds a reference during the call: the pointer is taken, and called whether it is freed or not. The
/// call reaches a whole callable, or the handler.
TEST(ClosureThreads, FreedBetweenTakingAndCalling) {
  struct Freed {};
  const auto before = onFreedClosureCall([](const void*) { throw Freed(); });
  std::atomic<int> alive{0}, wrong{0}, reached{0}, refused{0};
  std::atomic<int (*)(int)> published{nullptr};
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop) {
      if (auto* const function = published.load()) {
        try {
          function(1);
          ++reached;
        } catch (const Freed&) {
          ++refused;
        }
      }
    }
  });
  for (int i = 0; i < 50'000 || reached == 0 || refused == 0; ++i) {
    auto made = makeClosure<int(int)>([&, payload = Payload(i, alive)](int) {
      if (payload.check != ~payload.value)
        ++wrong;
      return payload.value;
    });
    ASSERT_TRUE(made);
    published = made->get();
    if (i % 1024 == 0)
      std::this_thread::yield();
  }
  stop = true;
  caller.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
  onFreedClosureCall(before);
}

TEST(ClosureThreads, WaitsForAThreadInsideAndForNothingElse) {
  std::atomic<int> alive{0};
  std::binary_semaphore entered{0}, leave{0};
  auto blocking = makeClosure<void()>([&, payload = Payload(1, alive)] {
    entered.release();
    leave.acquire();
  });
  auto other = makeClosure<int(int)>([payload = Payload(1, alive)](int value) { return value; });
  ASSERT_TRUE(blocking && other);
  std::thread thread(blocking->get());
  entered.acquire();
  *blocking = {};
  *other = {};
  EXPECT_EQ(collectClosures(), 1u);
  EXPECT_EQ(alive, 1);
  // However long it is inside, others are freed as usual.
  std::atomic<int> more{0};
  for (int i = 0; i < 10'000; ++i)
    ASSERT_TRUE(makeClosure<int(int)>([payload = Payload(1, more)](int value) { return value; }));
  EXPECT_LT(countClosures().waiting, 1000u);
  leave.release();
  thread.join();
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
}

TEST(ClosureThreads, ManyThreadsMakeAndFree) {
  const size_t before = countClosures().live;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(5);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<Closure<int(int)>> mine;
      for (int i = 0; i < 20'000; ++i) {
        auto made = makeClosure<int(int)>([t, i](int value) { return t * 1'000'000 + i + value; });
        if (!made || made->get()(5) != t * 1'000'000 + i + 5)
          ++wrong;
        else if (i % 2 == 0)
          mine.push_back(*made);
      }
      for (size_t i = 0; i < mine.size(); ++i)
        if (mine[i].get()(0) != t * 1'000'000 + int(i) * 2)
          ++wrong;
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(countClosures().live, before);
}

/// Each ends inside a closure: by returning, by pthread_exit, by being cancelled. None may count as running
/// afterwards.
TEST(ClosureThreads, EndsOfThreadsLeaveNothingMarked) {
  std::atomic<int> alive{0};
  auto body = makeClosure<void*(void*)>([payload = Payload(1, alive)](void* how) -> void* {
    if (how)
      pthread_exit(how);
    return how;
  });
  auto exitOnStack = makeClosure<SevenInts>(
      [payload = Payload(1, alive)](int, int, int, int, int, int, int) -> int { pthread_exit(nullptr); });
  auto cancelled = makeClosure<void*(void*)>([payload = Payload(1, alive)](void*) -> void* {
    for (;;)
      pause();
  });
  ASSERT_TRUE(body && exitOnStack && cancelled);
  pthread_t thread{};
  for (void* how : {static_cast<void*>(nullptr), static_cast<void*>(&thread)}) {
    ASSERT_EQ(pthread_create(&thread, nullptr, body->get(), how), 0);
    void* result = nullptr;
    ASSERT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(result, how);
  }
  std::thread([&] { exitOnStack->get()(1, 2, 3, 4, 5, 6, 7); }).join();
  ASSERT_EQ(pthread_create(&thread, nullptr, cancelled->get(), nullptr), 0);
  pthread_cancel(thread);
  pthread_join(thread, nullptr);
  *body = *cancelled = {};
  *exitOnStack = {};
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
}

/// A thread that jumped out of a closure and ended: its record goes to the next thread, without the mark.
TEST(ClosureThreads, EndOfThreadForgetsWhatWasJumpedOutOf) {
  std::atomic<int> alive{0};
  std::thread([&] {
    const Result<detail::ClosureSlot*> slot = detail::takeClosureSlot(0);
    ASSERT_TRUE(slot);
    detail::storeCallable<Payload>(**slot, Payload(1, alive));
    // What longjmp leaves: a mark that nobody takes back.
    detail::ClosureActivation::enterSlowly(**slot);
    detail::retireClosureSlot(0, *slot);
    EXPECT_EQ(collectClosures(), 1u);
  }).join();
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
}

/// Destructors of thread-locals and of thread-specific keys run late, and may call closures.
TEST(ClosureThreads, CalledWhileAThreadEnds) {
  static std::atomic<int> calls;
  calls = 0;
  auto onEnd = makeClosure<void(void*)>([](void*) { ++calls; });
  ASSERT_TRUE(onEnd);
  // Made after the library's key, so its destructor runs after that has given the record back.
  pthread_key_t key{};
  ASSERT_EQ(pthread_key_create(&key, onEnd->get()), 0);
  for (int i = 0; i < 100; ++i)
    std::thread([&] { pthread_setspecific(key, &calls); }).join();
  pthread_key_delete(key);
  EXPECT_EQ(calls, 100);
  *onEnd = {};
  EXPECT_EQ(collectClosures(), 0u);
}

TEST(ClosureThreads, SignalHandlersEnterClosures) {
  static std::atomic<int> handled;
  handled = 0;
  auto handler = makeClosure<void(int)>([](int) { ++handled; });
  auto work = makeClosure<int(int)>([](int value) { return value + 1; });
  ASSERT_TRUE(handler && work);
  struct sigaction action{}, old{};
  action.sa_handler = handler->get();
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  const pthread_t self = pthread_self();
  std::atomic<bool> stop{false};
  std::thread sender([&] {
    while (!stop) {
      pthread_kill(self, SIGUSR1);
      std::this_thread::yield();
    }
  });
  int value = 0;
  for (int i = 0; i < 200'000 || handled < 10; ++i)
    value = work->get()(value) - 1;
  stop = true;
  sender.join();
  sigaction(SIGUSR1, &old, nullptr);
  EXPECT_EQ(value, 0);
  *work = {};
  EXPECT_EQ(collectClosures(), 0u);
}

/// The exit status of a child that runs `test`.
template <typename Test> int statusOfChild(Test test) {
  const pid_t child = fork();
  if (child == 0)
    _exit(test() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(ClosureThreads, ForkDropsThreadsThatAreNotThere) {
  std::atomic<int> alive{0};
  std::binary_semaphore entered{0}, leave{0};
  auto blocking = makeClosure<void()>([&, payload = Payload(1, alive)] {
    entered.release();
    leave.acquire();
  });
  ASSERT_TRUE(blocking);
  std::thread thread(blocking->get());
  entered.acquire();
  // Forked inside a closure of the forking thread, which goes on to exist.
  auto forking = makeClosure<int()>([&, payload = Payload(1, alive)] {
    return statusOfChild([&] {
      *blocking = {};
      const bool gone = collectClosures() == 0 && alive == 1;
      auto made = makeClosure<int(int)>([](int value) { return value + 1; });
      return gone && made && made->get()(1) == 2 && payload.check == ~payload.value;
    });
  });
  ASSERT_TRUE(forking);
  EXPECT_EQ(forking->get()(), 0);
  *blocking = {};
  EXPECT_EQ(collectClosures(), 1u); // here the thread is still inside
  leave.release();
  thread.join();
  EXPECT_EQ(collectClosures(), 0u);
}

/// Makes membarrier fail as where it does not exist, for this process and for ever. False if that is not
/// allowed here.
bool forbidMembarrier() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

constexpr int kNotAllowed = 77;

/// In a process of its own, started afresh: what the kernel offers is asked once, before the first closure.
TEST(ClosureThreadsDeathTest, WithoutMembarrier) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  if (statusOfChild(forbidMembarrier) != 0)
    GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_EXIT(
      {
        if (!forbidMembarrier())
          _exit(kNotAllowed);
        callWhileReplacing<int(int)>();
        callWhileReplacing<SevenInts>(1, 2, 3, 4, 5, 6);
        _exit(testing::Test::HasFailure() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

/// Forbidden after the first closure: nothing can be known of other threads any more, so nothing is destroyed
/// under them.
bool keepsAllWithoutMembarrier() {
  std::atomic<int> alive{0};
  std::binary_semaphore entered{0}, leave{0};
  auto blocking = makeClosure<void()>([&, payload = Payload(1, alive)] {
    entered.release();
    leave.acquire();
  });
  auto other = makeClosure<int(int)>([payload = Payload(1, alive)](int value) { return value; });
  std::thread thread(blocking->get());
  entered.acquire();
  const bool forbidden = forbidMembarrier();
  *blocking = {};
  *other = {};
  const bool kept = collectClosures() == 2 && alive == 2;
  leave.release();
  thread.join();
  // Alone again, it needs no barrier.
  return forbidden && kept && collectClosures() == 0 && alive == 0;
}

TEST(ClosureThreadsDeathTest, MembarrierForbiddenLater) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  if (statusOfChild(forbidMembarrier) != 0)
    GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_EXIT(_exit(keepsAllWithoutMembarrier() ? 0 : 1), testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace tiercel
