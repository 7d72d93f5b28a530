// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads with words on their stacks, and scans that look for them.
#pragma once

#include "platform/saved_registers.h"
#include "platform/thread_stacks.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <pthread.h>
#include <span>
#include <sys/types.h>

namespace tiercel {

// The words looked for: no addresses of anything, and made by whoever holds them, so that nobody else has
// them.
constexpr uintptr_t kBegin = 0x6b6b'0000'0000;
constexpr size_t kWords = 4096;
inline std::array<std::atomic<bool>, kWords> found;
inline void visit(void* /*context*/, uintptr_t word) { found[word - kBegin] = true; }

// Locals of instrumented code may be elsewhere than on the stack.
#define ON_THE_STACK [[gnu::noinline, clang::disable_sanitizer_instrumentation]]

/// Calls `body` with word number `index` in its frame.
template <typename Body> ON_THE_STACK void holding(size_t index, const Body& body) {
  uintptr_t word = kBegin + index;
  asm volatile("" : : "r"(&word) : "memory");
  body();
  asm volatile("" : : "r"(&word) : "memory");
}

ON_THE_STACK inline void spin(const std::atomic<bool>& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
  }
}

/// `frames` frames deep, then `body`.
template <typename Body> ON_THE_STACK void descend(int frames, const Body& body) {
  std::array<char, 100> local;
  asm volatile("" : : "r"(local.data()) : "memory");
  if (frames == 0)
    body();
  else
    descend(frames - 1, body);
  asm volatile("" : : "r"(local.data()) : "memory"); // so that it is no tail call
}

class ThreadStacksTest : public testing::Test {
protected:
  static constexpr uint64_t kPlentyNs = 20'000'000'000;
  static constexpr uint64_t kLittleNs = 20'000'000;
  static constexpr uint64_t kShortNs = 1'000'000;

  void SetUp() override {
    auto acquired = ThreadStacks::acquire(0);
    if (!acquired)
      GTEST_SKIP() << acquired.error().message();
    stacks_ = *acquired;
    for (auto& one : found)
      one = false;
  }
  ON_THE_STACK ThreadStacks::Outcome scan(uint64_t timeoutNs = kPlentyNs,
                                          std::span<const pid_t> exclude = {}) {
    const SavedRegisters registers;
    return stacks_->scan({.begin = kBegin,
                          .end = kBegin + kWords,
                          .visit = visit,
                          .context = nullptr,
                          .exclude = exclude,
                          .callersFrom = registers.begin(),
                          .timeoutNs = timeoutNs});
  }
  void expectNeverForeign(int scans, uint64_t timeoutNs) {
    bool foreign = false;
    for (int i = 0; i < scans && !foreign; ++i) {
      const auto outcome = scan(timeoutNs);
      foreign = outcome.foreignStack;
      EXPECT_FALSE(foreign) << outcome.why;
    }
  }
  void expectComplete(const ThreadStacks::Outcome& outcome) {
    EXPECT_TRUE(outcome.complete) << outcome.why;
    EXPECT_FALSE(outcome.foreignStack);
  }

  std::shared_ptr<ThreadStacks> stacks_;
};

inline std::function<void()> inHandler;

/// Runs `body` in a handler on the alternate stack [memory, memory + size) and word `index` in the frame that
/// the handler interrupts. `flags`: with SA_NODEFER the signal is not blocked there.
inline void onAlternateStack(size_t index, void* memory, size_t size, int flags,
                             const std::function<void()>& body) {
  stack_t alternate{}, before{};
  alternate.ss_sp = memory;
  alternate.ss_size = size;
  struct sigaction action{}, previous{};
  action.sa_handler = [](int) { inHandler(); };
  action.sa_flags = SA_ONSTACK | flags;
  sigaction(SIGUSR1, &action, &previous);
  inHandler = body;
  sigaltstack(&alternate, &before);
  holding(index, [] { pthread_kill(pthread_self(), SIGUSR1); });
  sigaltstack(&before, nullptr);
  sigaction(SIGUSR1, &previous, nullptr);
}

constexpr size_t kAlternateBytes = 262'144;

} // namespace tiercel
