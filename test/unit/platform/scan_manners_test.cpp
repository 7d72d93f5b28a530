// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the threads of the program must not notice of a scan.
#include "unit/support/await.h"
#include "unit/support/stack_scans.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

/// How large the alternate stack is only the thread knows.
TEST_F(ThreadStacksTest, HandlersThatRunOnAnAlternateStackAreLeftAlone) {
  std::atomic<bool> ready{false}, stop{false};
  std::vector<char> memory(kAlternateBytes);
  std::thread thread([&] {
    onAlternateStack(52, memory.data(), memory.size(), 0, [&] {
      ready = true;
      spin(stop);
    });
  });
  await(ready);
  const auto outcome = scan(kLittleNs);
  stop = true;
  thread.join();
  EXPECT_FALSE(outcome.complete);
  EXPECT_FALSE(outcome.foreignStack);
  EXPECT_NE(outcome.why.find("alternate stack"), std::string::npos) << outcome.why;
  EXPECT_EQ(outcome.signalled, 0u);
}

/// No handler fits on the smallest alternate stack that the system allows, right above memory that cannot be
/// written.
TEST_F(ThreadStacksTest, SmallAlternateStacksAreNotUsed) {
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<char*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_EQ(mprotect(pages, kPage, PROT_NONE), 0);
  std::atomic<bool> ready{false}, stop{false};
  std::thread thread([&] {
    stack_t alternate{}, before{};
    alternate.ss_sp = pages + kPage;
    alternate.ss_size = 2048;
    EXPECT_EQ(sigaltstack(&alternate, &before), 0);
    holding(53, [&] {
      ready = true;
      spin(stop);
    });
    sigaltstack(&before, nullptr);
  });
  await(ready);
  const auto outcome = scan();
  stop = true;
  thread.join();
  munmap(pages, 2 * kPage);
  expectComplete(outcome);
  EXPECT_TRUE(found[53]);
  EXPECT_EQ(outcome.signalled, 1u);
}

ON_THE_STACK void useNearlyAMebibyte() {
  std::array<char, 980 << 10> local;
  memset(local.data(), 1, local.size());
  asm volatile("" : : "r"(local.data()) : "memory");
}

/// A stack that has been used nearly to its end may be again at any moment.
TEST_F(ThreadStacksTest, StacksThatWereUsedToTheEndAreLeftAlone) {
  std::atomic<bool> ready{false}, stop{false};
  struct Body {
    std::atomic<bool>&ready, &stop;
  } body{ready, stop};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 20);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* raw) -> void* {
                  auto* self = static_cast<Body*>(raw);
                  useNearlyAMebibyte();
                  self->ready = true;
                  spin(self->stop);
                  return nullptr;
                },
                &body),
            0);
  pthread_attr_destroy(&attributes);
  await(ready);
  const auto outcome = scan(kLittleNs);
  stop = true;
  pthread_join(thread, nullptr);
  EXPECT_FALSE(outcome.complete);
  EXPECT_NE(outcome.why.find("no room"), std::string::npos) << outcome.why;
  EXPECT_EQ(outcome.signalled, 0u);
}

/// Descriptors are given lowest first, so that whoever opens something meanwhile can tell.
TEST_F(ThreadStacksTest, TheProgramsDescriptorsAreLeftAlone) {
  const int lowest = dup(0);
  ASSERT_GE(lowest, 0);
  std::atomic<bool> ready{false}, stop{false};
  std::atomic<unsigned> strayed{0};
  std::thread thread([&] {
    close(lowest);
    while (!stop) {
      const int descriptor = dup(0);
      strayed += descriptor != lowest;
      close(descriptor);
      ready = true;
    }
  });
  await(ready);
  for (int i = 0; i < 50; ++i)
    scan(kLittleNs);
  stop = true;
  thread.join();
  EXPECT_EQ(strayed, 0u);
}

} // namespace
} // namespace tiercel
