// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/housekeeper.h"

#include "base/clock.h"
#include "engine/engine_impl.h"

#include <algorithm>
#include <malloc.h>

namespace tiercel {

namespace {

/// For threads that cannot be looked at now. A fork may have to wait as long.
constexpr uint64_t kTimeoutNs = 20'000'000;
/// A collection, when this much can be gained, and not more often than this.
constexpr uint64_t kWorthwhileBytes = 256 << 10;
constexpr uint64_t kIntervalNs = 100'000'000;
/// So much is not left for when there is nothing to compile.
constexpr uint64_t kUrgentBytes = 4 << 20;
/// A collection that could not look at everything is tried again later and later.
constexpr uint64_t kLongestIntervalNs = 10'000'000'000;
/// But not so much later that a program which changes all the time outgrows it.
constexpr uint64_t kLongestUrgentIntervalNs = 400'000'000;
/// Changes leave holes in the heap: images and compilers come and go among what stays. After so many they are
/// worth the walk over the heap, some tens of milliseconds of a worker; and not more often than this.
constexpr uint64_t kHeapChanges = 512;
constexpr uint64_t kHeapIntervalNs = 5'000'000'000;
/// With Options::sync, a collection that freed nothing is tried again after so many changes, doubled each
/// time.
constexpr uint64_t kFewestChanges = 16, kMostChanges = 4096;
/// When nothing has been compiled for so long, the compilers' memory is given back.
constexpr uint64_t kWarmedUpNs = 2'000'000'000;

} // namespace

uint64_t Housekeeper::collectionDueNs(uint64_t worthwhileBytes) const {
  const uint64_t gain = engine_.collector_.gain();
  const uint64_t after = collectAfterNs_.load(std::memory_order_relaxed);
  if (engine_.options_.modes.retireAlways && gain > 0 && after != kNothingDue)
    return engine_.versions_.everRetired() != retiredBefore_.load(std::memory_order_relaxed) ? 0 : after;
  return gain < worthwhileBytes ? kNothingDue : after;
}

uint64_t Housekeeper::heapDueNs() const {
  return changes_.load(std::memory_order_relaxed) < kHeapChanges
             ? kNothingDue
             : heapAfterNs_.load(std::memory_order_relaxed);
}

uint64_t Housekeeper::sessionsDueNs() const {
  const std::optional<uint64_t> since = engine_.pool_.idleSinceNs();
  return since ? *since + kWarmedUpNs : kNothingDue;
}

uint64_t Housekeeper::nextDueNs() const {
  return std::min({collectionDueNs(kWorthwhileBytes), heapDueNs(), sessionsDueNs()});
}

void Housekeeper::programChanged() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  allChanges_.fetch_add(1, std::memory_order_relaxed);
  if (engine_.options_.sync)
    return;
  if (nextDueNs() != kNothingDue)
    engine_.promoter_.ensureHousekeeping();
  notice();
}

void Housekeeper::afterChange() {
  if (!engine_.options_.sync || working_.exchange(true, std::memory_order_acquire))
    return;
  const uint64_t change = allChanges_.load(std::memory_order_relaxed);
  if (change >= collectAfterChange_ && collectionDueNs(kWorthwhileBytes) != kNothingDue) {
    const bool useful = collect();
    intervalChanges_ = useful ? 0 : std::clamp(2 * intervalChanges_, kFewestChanges, kMostChanges);
    collectAfterChange_ = change + intervalChanges_;
  }
  if (changes_.load(std::memory_order_relaxed) >= kHeapChanges) {
    engine_.pool_.trim();
    giveBackHeap();
  }
  working_.store(false, std::memory_order_release);
}

void Housekeeper::notice() {
  const uint64_t due = nextDueNs();
  if (due == kNothingDue)
    return;
  // This and the worker's exchange in work() are ordered: either its look comes after, and sees what is due
  // here, or it comes before, and here is seen what the worker has made of it. A plain load might miss both.
  uint64_t comes = workerComesNs_.fetch_add(0, std::memory_order_acq_rel);
  while (due < comes) {
    if (workerComesNs_.compare_exchange_weak(comes, due, std::memory_order_acq_rel)) {
      engine_.promoter_.wake();
      return;
    }
  }
}

uint64_t Housekeeper::work(bool busy) {
  if (working_.exchange(true, std::memory_order_acquire))
    return kNothingDue; // another worker is at it, and looks once more afterwards
  if (collectionDueNs(busy ? kUrgentBytes : kWorthwhileBytes) <= nowNs())
    collect();
  if (sessionsDueNs() <= nowNs()) {
    engine_.pool_.trim();
    giveBackHeap();
  } else if (heapDueNs() <= nowNs()) {
    giveBackHeap();
  }
  working_.store(false, std::memory_order_release);
  workerComesNs_.exchange(kNothingDue, std::memory_order_acq_rel);
  const uint64_t due = nextDueNs();
  if (!busy)
    workerComesNs_.store(due, std::memory_order_release);
  return due;
}

bool Housekeeper::collect() {
  retiredBefore_.store(engine_.versions_.everRetired(), std::memory_order_relaxed);
  const Result<CollectReport> report = engine_.collector_.collect(kTimeoutNs);
  if (!report) { // the system does not allow it, and will not
    collectAfterNs_.store(kNothingDue, std::memory_order_relaxed);
    return false;
  }
  const bool useful = report->freed > 0;
  const uint64_t longest =
      engine_.collector_.gain() < kUrgentBytes ? kLongestIntervalNs : kLongestUrgentIntervalNs;
  intervalNs_ = useful ? kIntervalNs : std::clamp(2 * intervalNs_, kIntervalNs, longest);
  collectAfterNs_.store(nowNs() + intervalNs_, std::memory_order_relaxed);
  return useful;
}

void Housekeeper::giveBackHeap() {
  changes_.store(0, std::memory_order_relaxed);
  if (engine_.options_.giveBackHeap)
    engine_.options_.giveBackHeap();
  else
    malloc_trim(0);
  heapAfterNs_.store(nowNs() + kHeapIntervalNs, std::memory_order_relaxed);
}

void Housekeeper::forgetThreads() {
  working_.store(false, std::memory_order_relaxed);
  workerComesNs_.store(kNothingDue, std::memory_order_relaxed);
}

} // namespace tiercel
