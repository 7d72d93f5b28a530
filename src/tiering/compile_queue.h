// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions waiting for a better compile, best first, each at most once. A function that waits gains on those
// that come later, so none starves: priority is compared after adding the age.
//
// Priority is gain per compile time (policy.h, urgency). For one worker that order is the best there is
// (Smith's rule: it minimises the sum of gains lost while waiting): a huge function goes first exactly when
// it is hot enough to be worth what the small ones lose meanwhile.
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
  uint32_t epoch = 0;    ///< of the code that it was decided for
  uint64_t sequence = 0; ///< of arrival
};

class CompileQueue {
public:
  /// Precondition: not queued yet.
  void push(FunctionRecord& function, const Decision& decision) {
    function.queued = true;
    waiting_.push_back({&function, decision, function.epoch.load(std::memory_order_acquire), next_++});
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

  /// Changes the decision of one that waits; its age stays.
  void update(const FunctionRecord& function, const Decision& decision) {
    for (QueuedCompile& item : waiting_) {
      if (item.function == &function)
        item.decision = decision;
    }
  }
  /// The decision that a function waits with, if it waits.
  const Decision* find(const FunctionRecord& function) const {
    const auto item = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const QueuedCompile& other) { return other.function == &function; });
    return item == waiting_.end() ? nullptr : &item->decision;
  }

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  size_t maxDepth() const { return maxDepth_; }

private:
  /// Age counts by arrivals: 32 later ones are worth a doubling of the gain per compile time.
  static constexpr int64_t kPriorityPerArrival = 32;

  static bool later(const QueuedCompile& a, const QueuedCompile& b) {
    return rank(a) < rank(b) || (rank(a) == rank(b) && a.sequence > b.sequence);
  }
  static int64_t rank(const QueuedCompile& item) {
    return item.decision.priority - static_cast<int64_t>(item.sequence) * kPriorityPerArrival;
  }

  std::vector<QueuedCompile> waiting_;
  uint64_t next_ = 0;
  size_t maxDepth_ = 0;
};

} // namespace tiercel
