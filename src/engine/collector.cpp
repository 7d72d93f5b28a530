// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/collector.h"

#include "base/clock.h"
#include "engine/engine_impl.h"
#include "platform/own_stack.h"
#include "platform/program_state_guard.h"

#include <algorithm>
#include <dlfcn.h>
#include <malloc.h>

namespace tiercel {

namespace {

/// How long to wait for threads that cannot be looked at now. A fork may have to wait as long.
constexpr uint64_t kTimeoutNs = 200'000'000;
constexpr uint64_t kBackgroundTimeoutNs = 20'000'000;
/// In the background: when this much can be gained, and not more often than this.
constexpr uint64_t kWorthwhileBytes = 256 << 10;
constexpr uint64_t kIntervalNs = 100'000'000;
/// So much is not left for when there is nothing to compile.
constexpr uint64_t kUrgentBytes = 4 << 20;
/// A collection that could not look at everything is tried again later and later.
constexpr uint64_t kLongestIntervalNs = 10'000'000'000;
/// Changes leave holes in the heap: images and compilers come and go among what stays. After so many they are
/// worth the walk over the heap, some tens of milliseconds of a worker; and not more often than this.
constexpr uint64_t kHeapChanges = 512;
constexpr uint64_t kHeapIntervalNs = 5'000'000'000;

/// Retired code by address, for the search from a signal handler: constant while a scan runs.
struct Candidates {
  std::vector<CodeVersion*> byAddress;

  static void visit(void* self, uintptr_t word) {
    const auto& list = static_cast<const Candidates*>(self)->byAddress;
    const auto* address = reinterpret_cast<const std::byte*>(word);
    auto after = std::upper_bound(
        list.begin(), list.end(), address,
        [](const std::byte* place, const CodeVersion* version) { return place < version->code.exec; });
    // The address behind a block is in it, too: the return address of a call that ends it.
    for (unsigned i = 0; i < 2 && after != list.begin(); ++i) {
      CodeVersion& version = **--after;
      if (address <= version.code.exec + version.code.size)
        version.seen.store(true, std::memory_order_relaxed);
    }
  }
};

} // namespace

Collector::~Collector() {
  for (void* library : closable_)
    dlclose(library);
}

Result<CollectReport> Collector::collect() { return collect(kTimeoutNs); }

Result<CollectReport> Collector::collect(uint64_t timeoutNs) {
  Result<CollectReport> report = lookAndFree(timeoutNs);
  if (report)
    note(*report);
  return report;
}

Result<CollectReport> Collector::lookAndFree(uint64_t timeoutNs) {
  if (engine_.options_.reclaim != Reclaim::Signals)
    return Error(ErrorKind::BadInput, "collect",
                 "looking at the stacks needs Options::reclaim = Reclaim::Signals; without it code is freed "
                 "at quiescent points");
  CollectReport report;
  ProgramStateGuard guard; // no handler of the program's may run while its thread scans
  LockGuard collection(mutex_);
  if (!stacks_) {
    // Not before it is needed: most programs end without ever having a signal handler of ours.
    Result<std::shared_ptr<ThreadStacks>> stacks = ThreadStacks::acquire(engine_.options_.reclaimSignal);
    if (!stacks)
      return stacks.takeError();
    stacks_ = std::move(*stacks);
  }
  Candidates candidates;
  {
    LockGuard lock(engine_.versions_.mutex());
    candidates.byAddress = engine_.versions_.beginCollection();
    report.pinned = engine_.versions_.pinnedVersions();
  }
  if (mayHaveForeignStacks()) {
    report.held = candidates.byAddress.size();
    report.why = "the program uses stacks of its own, of which some may be suspended; code is kept";
    return report;
  }
  if (!candidates.byAddress.empty()) {
    std::sort(candidates.byAddress.begin(), candidates.byAddress.end(),
              [](const CodeVersion* a, const CodeVersion* b) { return a->code.exec < b->code.exec; });
    const std::vector<pid_t> workers = engine_.promoter_.workerIds();
    const auto begin = reinterpret_cast<uintptr_t>(engine_.arena_->codeBase());
    const ThreadStacks::Outcome outcome = stacks_->scan({.begin = begin,
                                                         .end = begin + Arena::kCodeBytes,
                                                         .visit = Candidates::visit,
                                                         .context = &candidates,
                                                         .exclude = workers,
                                                         .timeoutNs = timeoutNs});
    report.threads = outcome.threads;
    report.longestPauseUs = static_cast<double>(outcome.longestPauseNs) / 1e3;
    engine_.statistics_.longestPauseNs.raise(outcome.longestPauseNs);
    if (outcome.foreignStack)
      foreignStacks_.store(true, std::memory_order_relaxed);
    if (!outcome.complete) {
      report.held = candidates.byAddress.size();
      report.why = outcome.why;
      engine_.statistics_.incompleteCollections.add();
      return report;
    }
  }
  report.complete = true;
  finish(candidates.byAddress, report);
  return report;
}

CollectReport Collector::quiescentPoint() {
  CollectReport report;
  {
    LockGuard collection(mutex_);
    std::vector<CodeVersion*> candidates;
    {
      LockGuard lock(engine_.versions_.mutex());
      candidates = engine_.versions_.beginCollection();
      report.pinned = engine_.versions_.pinnedVersions();
    }
    serialiseAllThreads();
    report.complete = true;
    finish(candidates, report);
  }
  note(report);
  return report;
}

void Collector::finish(std::span<CodeVersion* const> candidates, CollectReport& report) {
  std::vector<void*> closable;
  {
    LockGuard materialise(engine_.materialiseMutex_);
    LockGuard versions(engine_.versions_.mutex());
    const Versions::Freed freed = engine_.versions_.endCollection(candidates);
    report.freed = freed.versions;
    report.freedBytes = freed.bytes;
    engine_.releaseData();
    closable.swap(closable_);
  }
  for (void* library : closable)
    dlclose(library);
  report.held = candidates.size() - report.freed;
}

void Collector::note(const CollectReport& report) {
  // What is held now stays: the background's next look is worth it when as much again has come.
  leftBytes_.store(waitingBytes(), std::memory_order_relaxed);
  if (!report.complete)
    return;
  engine_.statistics_.collections.add();
  engine_.statistics_.freed.add(report.freed);
  engine_.statistics_.freedBytes.add(report.freedBytes);
  if (report.freed > 0)
    engine_.statistics_.emit({EventKind::CodeFreed, {}, 0, {}, nullptr, report.freedBytes});
}

uint64_t Collector::waitingBytes() const {
  return engine_.versions_.retiredBytes() + engine_.registry_.pendingBytes();
}

bool Collector::mayHaveForeignStacks() const {
  return foreignStacks_.load(std::memory_order_relaxed) || engine_.host_.switchesStacks();
}

void Collector::noteStack() {
  const auto sp = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (engine_.options_.reclaim != Reclaim::Signals || isKnownStack(sp) || mayHaveForeignStacks())
    return;
  Result<SessionPool::Lease> session = engine_.pool_.borrow();
  if (!session)
    return;
  (*session)->stack().run([&] { // the program's may be small
    if (!isOwnStack(sp))
      foreignStacks_.store(true, std::memory_order_relaxed);
  });
}

void Collector::giveBackMemory() {
  engine_.pool_.trim();
  giveBackHeap();
}

void Collector::giveBackHeap() {
  if (engine_.options_.giveBackHeap)
    engine_.options_.giveBackHeap();
  else
    malloc_trim(0);
}

bool Collector::makeRoom() {
  if (engine_.options_.reclaim != Reclaim::Signals)
    return false;
  Result<CollectReport> report = collect();
  if (report && report->freed > 0)
    return true;
  // All of it is in use by its functions, but few of them are running: the others start anew.
  {
    LockGuard lock(engine_.versions_.mutex());
    for (uint32_t id = 0; id < engine_.registry_.functionCount(); ++id) {
      FunctionRecord& record = engine_.registry_.function(FunctionId(id));
      if (record.state() == FirstCompile::Ready && !record.pinned.load(std::memory_order_relaxed))
        engine_.close(record);
    }
  }
  serialiseAllThreads();
  engine_.statistics_.flushes.add();
  report = collect();
  return report && report->freed > 0;
}

uint64_t Collector::collectionDueNs(uint64_t worthwhileBytes) const {
  if (engine_.options_.reclaim != Reclaim::Signals || mayHaveForeignStacks())
    return kNothingDue;
  const uint64_t after = afterNs_.load(std::memory_order_relaxed);
  if (engine_.options_.modes.retireAlways && after != kNothingDue)
    return engine_.versions_.everRetired() != retiredBefore_.load(std::memory_order_relaxed) ? 0
                                                                                             : kNothingDue;
  return waitingBytes() < leftBytes_.load(std::memory_order_relaxed) + worthwhileBytes ? kNothingDue : after;
}

uint64_t Collector::heapDueNs() const {
  return changes_.load(std::memory_order_relaxed) < kHeapChanges
             ? kNothingDue
             : heapAfterNs_.load(std::memory_order_relaxed);
}

void Collector::programChanged() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  // The exchanges order this: either the worker's look below comes after, and sees the change, or it comes
  // before, and here is seen that the worker does not come.
  const uint64_t due = std::min(collectionDueNs(kWorthwhileBytes), heapDueNs());
  if (due != kNothingDue && due < workerComesNs_.exchange(due, std::memory_order_acq_rel))
    engine_.promoter_.wake();
}

uint64_t Collector::workInBackground(bool busy) {
  if (working_.exchange(true, std::memory_order_acquire))
    return kNothingDue; // another worker is at it, and looks once more afterwards
  if (collectionDueNs(busy ? kUrgentBytes : kWorthwhileBytes) <= nowNs())
    collectNow();
  if (heapDueNs() <= nowNs()) {
    changes_.store(0, std::memory_order_relaxed);
    giveBackHeap();
    heapAfterNs_.store(nowNs() + kHeapIntervalNs, std::memory_order_relaxed);
  }
  working_.store(false, std::memory_order_release);
  workerComesNs_.exchange(kNothingDue, std::memory_order_acq_rel);
  const uint64_t due = std::min(collectionDueNs(kWorthwhileBytes), heapDueNs());
  workerComesNs_.store(due, std::memory_order_release);
  return due;
}

void Collector::collectNow() {
  retiredBefore_.store(engine_.versions_.everRetired(), std::memory_order_relaxed);
  const Result<CollectReport> report = collect(kBackgroundTimeoutNs);
  if (!report) { // the system does not allow it, and will not
    afterNs_.store(kNothingDue, std::memory_order_relaxed);
    return;
  }
  const bool useful = report->freed > 0;
  intervalNs_ = useful ? kIntervalNs : std::clamp(2 * intervalNs_, kIntervalNs, kLongestIntervalNs);
  afterNs_.store(nowNs() + intervalNs_, std::memory_order_relaxed);
}

} // namespace tiercel
