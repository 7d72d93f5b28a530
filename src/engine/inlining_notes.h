// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the inliner decided in the newest compiles at the top tier, by root of the cluster.
// Thread rule: thread-safe.
#pragma once

#include "tiercel/engine.h"

#include "base/thread_annotations.h"

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tiercel {

class InliningNotes {
public:
  /// `header`: of a continuation.
  void store(uint32_t root, std::optional<uint32_t> header, std::vector<InlineDecision> decisions)
      TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    Notes& notes = notes_[root];
    (header ? notes.continuations[*header] : notes.version) = std::move(decisions);
  }
  void forget(uint32_t root) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    notes_.erase(root);
  }
  /// Of the version, then of the continuations.
  std::vector<InlineDecision> of(uint32_t root) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = notes_.find(root);
    if (found == notes_.end())
      return {};
    std::vector<InlineDecision> decisions = found->second.version;
    for (const auto& [header, more] : found->second.continuations)
      decisions.insert(decisions.end(), more.begin(), more.end());
    return decisions;
  }

  Mutex& forkMutex() { return mutex_; }

private:
  struct Notes {
    std::vector<InlineDecision> version;
    std::map<uint32_t, std::vector<InlineDecision>> continuations; ///< by loop header
  };
  Mutex mutex_;
  std::unordered_map<uint32_t, Notes> notes_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
