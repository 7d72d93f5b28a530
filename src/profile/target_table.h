// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions one indirect call reached, and how often: a few counters that compiled code fills through
// recordTarget. All zero is a valid, empty table.
//
// A call site may begin with targets that never come back. So a target without a place takes one away from
// the entry with the smallest count, and takes that entry over when nothing is left (Misra and Gries,
// "Finding repeated elements"): a target that is more than a fifth of all calls has an entry in the end.
// Counts are thus lower bounds, and exact while no more targets than entries were seen.
//
// Thread rule: any number of threads may record and read at once. No operation waits, and handlers of signals
// may record. Threads may lose each other's updates, or add one to an entry that changes hands at that
// moment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace tiercel {

struct TargetTable {
  static constexpr unsigned kEntries = 4;
  struct Entry {
    std::atomic<void*> target;
    std::atomic<uint32_t> count;
  };
  std::array<Entry, kEntries> entries;
  std::atomic<uint32_t> total;
};
static_assert(std::atomic<void*>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

/// One call of `target`, which is not null. Counts stop at their largest value.
void recordTarget(TargetTable& table, void* target);

/// `to` is read by nobody yet.
void copyTargets(TargetTable& to, const TargetTable& from);

struct TargetCount {
  void* target;
  uint64_t count;
};

struct TargetHistogram {
  std::vector<TargetCount> targets; ///< most frequent first, then by address; each target once
  uint64_t total = 0;               ///< of all calls, at least the sum of the above
};

TargetHistogram decodeTargets(const TargetTable& table);

} // namespace tiercel
