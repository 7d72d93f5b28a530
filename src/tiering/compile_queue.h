// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions waiting for a better compile, best first, each at most once. A function that waits gains on those
// that come later, so none starves: priority is compared after adding the age.
// Thread rule: the owner's lock (engine/promoter.h) protects all of it.
#pragma once

#include "registry/records.h"
#include "tiering/policy.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace tiercel {

struct QueuedCompile {
  FunctionRecord* function = nullptr;
  Decision decision;
  uint64_t sequence = 0; ///< of arrival
};

class CompileQueue {
public:
  /// Precondition: not queued yet.
  void push(FunctionRecord& function, const Decision& decision) {
    function.queued = true;
    waiting_.push_back({&function, decision, next_++});
    maxDepth_ = std::max(maxDepth_, waiting_.size());
  }

  /// The best of those that `fits` accepts; it stays marked as queued until its owner is done with it.
  template <typename Fits> std::optional<QueuedCompile> pop(Fits&& fits) {
    auto best = waiting_.end();
    for (auto item = waiting_.begin(); item != waiting_.end(); ++item) {
      if ((best == waiting_.end() || later(*best, *item)) && fits(*item))
        best = item;
    }
    if (best == waiting_.end())
      return std::nullopt;
    QueuedCompile result = *best;
    *best = waiting_.back();
    waiting_.pop_back();
    return result;
  }
  std::optional<QueuedCompile> pop() {
    return pop([](const QueuedCompile&) { return true; });
  }

  bool empty() const { return waiting_.empty(); }
  size_t maxDepth() const { return maxDepth_; }

private:
  /// Age counts by arrivals: each later one is worth as much as this much more code to compile.
  static constexpr uint64_t kPriorityPerArrival = uint64_t(1) << 12;

  static bool later(const QueuedCompile& a, const QueuedCompile& b) { return rank(a) < rank(b); }
  static int64_t rank(const QueuedCompile& item) {
    return static_cast<int64_t>(item.decision.priority) -
           static_cast<int64_t>(item.sequence * kPriorityPerArrival);
  }

  std::vector<QueuedCompile> waiting_;
  uint64_t next_ = 0;
  size_t maxDepth_ = 0;
};

} // namespace tiercel
