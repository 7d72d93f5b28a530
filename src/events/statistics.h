// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts behind tiercel::Stats, and the listeners. Thread rule: thread-safe; counting is relaxed, since
// nothing is concluded from one number about another.
#pragma once

#include "tiercel/events.h"
#include "tiercel/stats.h"

#include "base/thread_annotations.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace tiercel {

class Counter {
public:
  void add(uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  /// To at least this.
  void raise(uint64_t value) {
    uint64_t before = get();
    while (before < value && !value_.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
    }
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }
  double milliseconds() const { return static_cast<double>(get()) / 1e6; }

private:
  std::atomic<uint64_t> value_{0};
};

/// Times in nanoseconds.
class Statistics {
public:
  struct Tier {
    Counter functions, continuations, compileNs, bytes;
  };
  std::array<Tier, kTierCount> tiers;
  Counter firstAtTier0, promoted, failed, pinned;
  Counter freed, superseded, flushes, redefinitions, removals, collections, incompleteCollections;
  Counter longestPauseNs;
  Counter dropped;
  Counter continuations, osrEntries, osrExcluded;
  Counter foregroundNs, backgroundNs;
  Counter readNs, extractNs, optimizeNs, codegenNs, dataNs, linkNs;
  Counter freedBytes; ///< of code
  Counter directCalls, callPatches;

  void published(unsigned tier, bool continuation, uint64_t bytes, uint64_t direct) {
    Tier& of = tiers[tier];
    (continuation ? of.continuations : of.functions).add();
    if (continuation)
      continuations.add();
    of.bytes.add(bytes);
    directCalls.add(direct);
  }

  void addListener(EventListener* listener) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    listeners_.push_back(listener);
    hasListeners_.store(true, std::memory_order_release);
  }
  void emit(const Event& event) TIERCEL_EXCLUDES(mutex_) {
    if (!hasListeners_.load(std::memory_order_acquire))
      return;
    std::vector<EventListener*> listeners;
    {
      LockGuard lock(mutex_);
      listeners = listeners_;
    }
    for (EventListener* listener : listeners)
      listener->onEvent(event);
  }

  Mutex& forkMutex() { return mutex_; }

private:
  Mutex mutex_;
  std::atomic<bool> hasListeners_{false};
  std::vector<EventListener*> listeners_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
