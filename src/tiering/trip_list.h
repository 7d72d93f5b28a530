// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From compiled code to the workers: functions whose counters ran out. The push side runs in the program's
// calls, in signal handlers too, so it takes no lock and allocates nothing: an intrusive stack whose link
// lives in the record.
//
// A record is in the list iff its `trips` word is not zero: whoever turns it from zero pushes; the taker
// turns it back to zero before looking at the function, so a later event pushes again. Order: the pusher's
// release exchange of the head and the taker's acquire one order the link and the trip bits.
#pragma once

#include "base/trip_kind.h"
#include "registry/records.h"

#include <atomic>
#include <utility>
#include <vector>

namespace tiercel {

class TripList {
public:
  /// True if the list may have been empty: somebody must be woken.
  bool push(FunctionRecord& record, TripKind kind) {
    if (record.trips.fetch_or(1u << static_cast<uint32_t>(kind), std::memory_order_acq_rel) != 0)
      return false;
    FunctionRecord* head = head_.load(std::memory_order_relaxed);
    do {
      record.nextTripped = head;
    } while (
        !head_.compare_exchange_weak(head, &record, std::memory_order_release, std::memory_order_relaxed));
    return true;
  }

  /// Everything pushed so far with its bits, oldest first.
  std::vector<std::pair<FunctionRecord*, uint32_t>> takeAll() {
    std::vector<std::pair<FunctionRecord*, uint32_t>> taken;
    for (FunctionRecord* record = head_.exchange(nullptr, std::memory_order_acquire); record;) {
      FunctionRecord* next = record->nextTripped;
      taken.emplace_back(record, record->trips.exchange(0, std::memory_order_acq_rel));
      record = next;
    }
    return {taken.rbegin(), taken.rend()};
  }

  bool empty() const { return head_.load(std::memory_order_acquire) == nullptr; }

private:
  std::atomic<FunctionRecord*> head_{nullptr};
};

} // namespace tiercel
