// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The closures of the process: slots of each kind, free ones, and those that were retired and whose callables
// have to wait until no thread is in them.
//
// A slot's way: free (last in, first out: its cache line is warm) -> live, with references -> retired, its
// target already the one for freed closures -> when no thread has it marked: callable destroyed, without a
// lock -> free.
//
// Retired slots are looked at when enough have come together to pay for the barrier on all threads; at once
// if no other thread enters closures, because then there is nothing to pay. Those that were marked do not
// count towards it, so that a closure that runs for ever does not make every free look at it. Thread rule:
// all members for any thread. Ownership: one pool per process, never destroyed, because closures may be
// called and freed by static destructors.
#pragma once

#include "tiercel/closure.h"

#include "base/thread_annotations.h"
#include "closure/slot_region.h"

#include <vector>

namespace tiercel {

class ClosurePool {
public:
  static ClosurePool& instance();

  Result<detail::ClosureSlot*> take(detail::ClosureKind kind) TIERCEL_EXCLUDES(mutex_);
  /// Of a slot that was taken and never became a closure.
  void giveBack(detail::ClosureKind kind, detail::ClosureSlot* slot) TIERCEL_EXCLUDES(mutex_);
  /// Of a closure without references. May run destructors of callables, other closures' among them.
  void retire(detail::ClosureKind kind, detail::ClosureSlot* slot) TIERCEL_EXCLUDES(mutex_);
  /// Returns how many wait still.
  size_t collect() TIERCEL_EXCLUDES(mutex_);
  ClosureCounts counts() TIERCEL_EXCLUDES(mutex_);

private:
  /// Slots linked through their counts.
  struct SlotList {
    detail::ClosureSlot* first = nullptr;

    void push(detail::ClosureSlot* slot);
    detail::ClosureSlot* pop();
  };
  struct Kind {
    SlotRegion region;
    size_t nextRegionBytes = 4096;
    SlotList free;
    SlotList retired;
  };

  ClosurePool();
  bool worthLooking() TIERCEL_REQUIRES(mutex_);
  void takeUnmarked(SlotList (&unmarked)[detail::kClosureKinds]) TIERCEL_REQUIRES(mutex_);
  bool destroyUnmarked(bool evenIfFew) TIERCEL_EXCLUDES(mutex_);
  void destroyAll(bool evenIfFew) TIERCEL_EXCLUDES(mutex_);
  static void lockForFork();
  static void unlockAfterFork();
  static void unlockInChild();

  Mutex mutex_;
  Status started_; ///< constant
  Kind kinds_[detail::kClosureKinds] TIERCEL_GUARDED_BY(mutex_);
  size_t live_ TIERCEL_GUARDED_BY(mutex_) = 0;
  size_t waiting_ TIERCEL_GUARDED_BY(mutex_) = 0;     ///< in the retired lists
  size_t foundMarked_ TIERCEL_GUARDED_BY(mutex_) = 0; ///< of them, when they were last looked at
  std::vector<const detail::ClosureSlot*> marked_ TIERCEL_GUARDED_BY(mutex_); ///< kept for its memory
};

} // namespace tiercel
