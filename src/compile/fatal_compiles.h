// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles that LLVM ended by a fatal error. Each keeps what it had allocated, a megabyte or more, so none is
// tried twice: what it was made from is remembered with what LLVM said, and refused from then on, also when
// it was taken out of the program and came again. Of compiles that a program can do without, for better code
// than it has, no more are risked after `kMostDispensable`. Those that it needs are not counted for that:
// whoever adds what cannot be compiled does not slow down what can.
// Thread rule: thread-safe; one lock, inside all others.
#pragma once

#include "base/strong_hash.h"
#include "base/thread_annotations.h"

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {

struct FatalCompile {
  unsigned tier = 0; ///< that was tried
  std::string said;  ///< by LLVM
};

class FatalCompiles {
public:
  /// What became of this compile before. `what` says which it is of those that can be made of `from`.
  std::optional<FatalCompile> find(const std::string& what, llvm::StringRef from) TIERCEL_EXCLUDES(mutex_) {
    if (count() == 0)
      return std::nullopt;
    {
      LockGuard lock(mutex_);
      if (!known_.contains({what, from.size()}))
        return std::nullopt;
    }
    const StrongHash hash = strongHash(from); // not of everything that is compiled
    LockGuard lock(mutex_);
    for (const auto& [content, compile] : known_[{what, from.size()}]) {
      if (content == hash)
        return compile;
    }
    return std::nullopt;
  }
  void add(const std::string& what, llvm::StringRef from, FatalCompile compile, bool dispensable)
      TIERCEL_EXCLUDES(mutex_) {
    const StrongHash hash = strongHash(from);
    LockGuard lock(mutex_);
    known_[{what, from.size()}].emplace_back(hash, std::move(compile));
    dispensable_.fetch_add(dispensable, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed); // who sees less has not heard of it
  }

  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  /// Nothing should be tried that can be done without.
  bool exhausted() const { return dispensable_.load(std::memory_order_relaxed) >= kMostDispensable; }

  Mutex& forkMutex() TIERCEL_RETURN_CAPABILITY(mutex_) { return mutex_; }

private:
  static constexpr uint64_t kMostDispensable = 32;

  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> dispensable_{0};
  Mutex mutex_;
  /// By `what` and the size of `from`, which mostly says that something is new.
  std::map<std::pair<std::string, size_t>, std::vector<std::pair<StrongHash, FatalCompile>>>
      known_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
