// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First compiles in progress, so that a forked child can reset those of threads that it does not have, and
// how earlier ones failed. What a program lacks can be added, and memory can be freed: after an error of such
// a kind the function goes back to Lazy, so that the next call tries again. Who waited for the attempt is
// told how it ended: the state alone would not say, so failures are counted. Thread rule: thread-safe; one
// lock, after that of the versions.
#pragma once

#include "tiercel/error.h"

#include "base/thread_annotations.h"
#include "platform/futex.h"
#include "registry/records.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

namespace tiercel {

class FirstCompiles {
public:
  /// From Lazy to Compiling, if nobody was faster: the caller is to compile it. For a fork, one step with
  /// entering the list, as is leaving: a child finds either both or neither.
  bool claim(FunctionRecord& record) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    auto expected = static_cast<uint32_t>(FirstCompile::Lazy);
    if (!record.firstCompile.compare_exchange_strong(expected, static_cast<uint32_t>(FirstCompile::Compiling),
                                                     std::memory_order_acq_rel))
      return false;
    inProgress_.push_back(&record);
    return true;
  }
  /// Leaves Compiling.
  void leave(FunctionRecord& record, FirstCompile state) TIERCEL_EXCLUDES(mutex_) {
    {
      LockGuard lock(mutex_);
      store(record, state);
    }
    futexWakeAll(record.firstCompile);
  }
  /// The same after a failure: to Lazy or, if it would fail again, to Failed.
  void fail(FunctionRecord& record, const Error& error) TIERCEL_EXCLUDES(mutex_) {
    const bool mayPass = error.kind() == ErrorKind::MissingSymbol || error.kind() == ErrorKind::Environment;
    {
      LockGuard lock(mutex_);
      Failures& failures = failures_.try_emplace(record.id.value, error).first->second;
      failures.last = error;
      failures.count = ++count_;
      store(record, mayPass ? FirstCompile::Lazy : FirstCompile::Failed);
    }
    futexWakeAll(record.firstCompile);
  }
  /// The number of its last failure among all, which the next exceeds; 0: none that is remembered.
  uint64_t failures(const FunctionRecord& record) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = failures_.find(record.id.value);
    return found == failures_.end() ? 0 : found->second.count;
  }
  /// Nothing if it was forgotten meanwhile.
  std::optional<Error> lastFailure(const FunctionRecord& record) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = failures_.find(record.id.value);
    return found == failures_.end() ? std::nullopt : std::optional(found->second.last);
  }
  /// The function was removed: how its compiles failed concerns nobody.
  void forget(const FunctionRecord& record) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    failures_.erase(record.id.value);
  }

  Mutex& forkMutex() TIERCEL_RETURN_CAPABILITY(mutex_) { return mutex_; }
  /// The sessions of other threads are lost with them; their functions can be compiled again.
  void afterForkInChild() TIERCEL_REQUIRES(mutex_) {
    for (FunctionRecord* record : inProgress_)
      record->firstCompile.store(static_cast<uint32_t>(FirstCompile::Lazy), std::memory_order_release);
    inProgress_.clear();
  }

private:
  struct Failures {
    explicit Failures(const Error& error) : last(error) {}
    Error last;
    uint64_t count = 0; ///< `count_` when it came
  };
  void store(FunctionRecord& record, FirstCompile state) TIERCEL_REQUIRES(mutex_) {
    std::erase(inProgress_, &record);
    record.firstCompile.store(static_cast<uint32_t>(state), std::memory_order_release);
  }

  Mutex mutex_;
  std::vector<FunctionRecord*> inProgress_ TIERCEL_GUARDED_BY(mutex_);
  uint64_t count_ TIERCEL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<uint32_t, Failures> failures_ TIERCEL_GUARDED_BY(mutex_); ///< by function
};

} // namespace tiercel
