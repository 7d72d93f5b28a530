// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/sampler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

uint64_t threadTimeNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
}

/// Uses `ns` of processor time in code of this function alone, but for the clock.
[[gnu::noinline, clang::disable_sanitizer_instrumentation]] void burn(uint64_t ns) {
  const uint64_t end = threadTimeNs() + ns;
  while (threadTimeNs() < end) {
    for (volatile int i = 0; i < 200'000; i = i + 1) {
    }
  }
}

bool inBurn(const void* address) {
  const auto begin = reinterpret_cast<uintptr_t>(&burn), at = reinterpret_cast<uintptr_t>(address);
  return at >= begin && at < begin + 4096;
}

/// Runs `test` as a sampler's thread does; false if this system does not let anybody sample.
template <typename Test> bool asSampler(const std::vector<pid_t>& others, Test test) {
  bool allowed = false;
  std::thread([&] {
    std::vector<pid_t> ignored = others;
    ignored.push_back(gettid());
    Sampler sampler;
    allowed = Sampler::isolateDescriptors() && sampler.watchThreads(ignored);
    if (allowed)
      test(sampler, ignored);
  }).join();
  return allowed;
}

TEST(Sampler, SeesWhatThreadsRun) {
  std::atomic<int> stage{0};
  std::thread worker([&] {
    while (stage == 0)
      std::this_thread::yield();
    burn(60'000'000);
    stage = 2;
    while (stage == 2)
      std::this_thread::yield();
  });
  size_t samples = 0, hits = 0;
  const bool allowed = asSampler({}, [&](Sampler& sampler, const auto&) {
    stage = 1;
    while (stage != 2)
      std::this_thread::yield();
    samples = sampler.drain([&](const void* address) { hits += inBurn(address); });
    size_t again = 0;
    sampler.drain([&](const void* address) { again += inBurn(address); });
    EXPECT_EQ(again, 0u) << "handed over twice";
  });
  if (!allowed) {
    stage = 1;
    while (stage != 2)
      std::this_thread::yield();
  }
  stage = 3;
  worker.join();
  if (!allowed)
    GTEST_SKIP() << "the system forbids it";
  EXPECT_GE(samples, hits);
  EXPECT_GT(hits, 30u) << "60 milliseconds";
  EXPECT_LT(hits, 70u);
}

TEST(Sampler, IgnoresOthersAndFindsNewThreads) {
  size_t ignoredHits = 0, hits = 0;
  const bool allowed = asSampler({}, [&](Sampler& sampler, std::vector<pid_t> ignored) {
    std::atomic<pid_t> id{0};
    std::atomic<int> go{0};
    std::thread thread([&] {
      id = gettid();
      while (go == 0)
        std::this_thread::yield();
      burn(30'000'000);
      go = 2;
      while (go == 2)
        std::this_thread::yield();
      burn(30'000'000);
      go = 4;
      while (go == 4)
        std::this_thread::yield();
    });
    while (id == 0)
      std::this_thread::yield();
    std::vector<pid_t> withThread = ignored;
    withThread.push_back(id);
    sampler.watchThreads(withThread);
    go = 1;
    while (go != 2)
      std::this_thread::yield();
    sampler.drain([&](const void* address) { ignoredHits += inBurn(address); });
    sampler.watchThreads(ignored);
    go = 3;
    while (go != 4)
      std::this_thread::yield();
    sampler.drain([&](const void* address) { hits += inBurn(address); });
    go = 5;
    thread.join();
    sampler.watchThreads(ignored); // forgets it
  });
  if (!allowed)
    GTEST_SKIP() << "the system forbids it";
  EXPECT_EQ(ignoredHits, 0u);
  EXPECT_GT(hits, 15u);
}

TEST(Sampler, TakesNoDescriptorFromTheProgram) {
  const int before = dup(0);
  ASSERT_GE(before, 0);
  close(before);
  asSampler({}, [&](Sampler& sampler, const auto& ignored) {
    EXPECT_EQ(fcntl(0, F_GETFD), -1) << "its own table should be empty";
    EXPECT_TRUE(sampler.watchThreads(ignored));
  });
  const int after = dup(0);
  EXPECT_EQ(after, before);
  close(after);
}

TEST(Sampler, AForkedChildIsNotDisturbed) {
  int status = -1;
  const bool allowed = asSampler({}, [&](Sampler& sampler, const auto&) {
    const pid_t child = fork();
    if (child == 0) {
      burn(5'000'000);
      _exit(7); // leaves the object alone
    }
    waitpid(child, &status, 0);
    sampler.drain([&](const void* address) { EXPECT_FALSE(inBurn(address)) << "the child's time"; });
  });
  if (!allowed)
    GTEST_SKIP() << "the system forbids it";
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

} // namespace
} // namespace tiercel
