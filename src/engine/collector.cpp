// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/collector.h"

#include "engine/engine_impl.h"
#include "engine/engine_threads.h"
#include "link/synthetic_library.h"
#include "platform/own_stack.h"
#include "platform/program_state_guard.h"
#include "platform/saved_registers.h"

#include <algorithm>

namespace tiercel {

namespace {

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
  for (const auto* libraries : {&unused_, &closable_}) {
    for (void* library : *libraries)
      closeSyntheticLibrary(library);
  }
}

void Collector::closeLibraries() {
  std::vector<void*> libraries;
  {
    LockGuard versions(engine_.versions_.mutex());
    libraries.swap(unused_);
  }
  for (void* library : libraries)
    closeSyntheticLibrary(library);
}

[[gnu::noinline, clang::disable_sanitizer_instrumentation]] Result<CollectReport>
Collector::collect(uint64_t timeoutNs) {
  const SavedRegisters registers;
  Result<CollectReport> report = lookAndFree(timeoutNs, registers.begin());
  if (report)
    note(*report);
  return report;
}

[[gnu::noinline]] Result<CollectReport> Collector::lookAndFree(uint64_t timeoutNs, uintptr_t callersFrom) {
  if (engine_.options_.reclaim != Reclaim::Signals)
    return Error(ErrorKind::BadInput, "collect",
                 "looking at the stacks needs Options::reclaim = Reclaim::Signals; without it code is freed "
                 "at quiescent points");
  CollectReport report;
  if (!EngineThreads::areOfThisProcess()) {
    report.why = "this process runs on the memory of the one with the program's threads";
    return report;
  }
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
  uint64_t waited = 0;
  {
    LockGuard lock(engine_.versions_.mutex());
    candidates.byAddress = engine_.versions_.beginCollection();
    waited = waitingBytes();
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
                                                         .callersFrom = callersFrom,
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
  finish(candidates.byAddress, waited, report);
  return report;
}

CollectReport Collector::quiescentPoint() {
  CollectReport report;
  {
    LockGuard collection(mutex_);
    std::vector<CodeVersion*> candidates;
    uint64_t waited = 0;
    {
      LockGuard lock(engine_.versions_.mutex());
      candidates = engine_.versions_.beginCollection();
      waited = waitingBytes();
      report.pinned = engine_.versions_.pinnedVersions();
    }
    serialiseAllThreads();
    report.complete = true;
    finish(candidates, waited, report);
  }
  note(report);
  return report;
}

void Collector::finish(std::span<CodeVersion* const> candidates, uint64_t waitedBytes,
                       CollectReport& report) {
  LockGuard materialise(engine_.materialiseMutex_);
  LockGuard versions(engine_.versions_.mutex());
  const uint64_t before = waitingBytes();
  engine_.versions_.seeKept();
  for (const OutdatedCallers::Reached& reached : engine_.outdatedCallers_.forgetFreed(engine_.versions_)) {
    if (engine_.outdatedCallers_.prepare(engine_.versions_, reached.function, reached.code))
      engine_.publish(reached.function, reached.code);
    else // the next call finds memory
      engine_.close(engine_.registry_.function(reached.function));
  }
  const Versions::Freed freed = engine_.versions_.endCollection(candidates);
  report.freed = freed.versions;
  report.freedBytes = freed.bytes;
  engine_.releaseData();
  const uint64_t gone = before - waitingBytes(); // both change under these locks only
  // What has come since `waitedBytes` was not looked at.
  leftBytes_.store(waitedBytes - std::min(waitedBytes, gone), std::memory_order_relaxed);
  unused_.insert(unused_.end(), closable_.begin(), closable_.end());
  closable_.clear();
  report.held = candidates.size() - report.freed;
}

void Collector::note(const CollectReport& report) {
  if (!report.complete)
    return;
  engine_.statistics_.collections.add();
  engine_.statistics_.freed.add(report.freed);
  engine_.statistics_.freedBytes.add(report.freedBytes);
  if (report.freed > 0)
    engine_.statistics_.emit({EventKind::CodeFreed, {}, 0, {}, nullptr, report.freedBytes});
}

uint64_t Collector::gain() {
  if (engine_.options_.reclaim != Reclaim::Signals || mayHaveForeignStacks())
    return 0;
  const uint64_t waiting = waitingBytes();
  if (waiting < leftBytes_.load(std::memory_order_relaxed))
    leftBytes_.store(waiting, std::memory_order_relaxed); // some of it has gone without a look
  return waiting - std::min(waiting, leftBytes_.load(std::memory_order_relaxed));
}

uint64_t Collector::waitingBytes() const {
  return engine_.versions_.retiredBytes() + engine_.registry_.pendingBytes();
}

bool Collector::mayHaveForeignStacks() const {
  return foreignStacks_.load(std::memory_order_relaxed) || engine_.host_.switchesStacks();
}

void Collector::noteStack(const void* programStack) {
  if (engine_.options_.reclaim == Reclaim::Signals && !mayHaveForeignStacks() &&
      !isOwnStack(reinterpret_cast<uintptr_t>(programStack)) &&
      EngineThreads::areOfThisProcess()) // of a child made with clone(CLONE_VM) scans are told
    foreignStacks_.store(true, std::memory_order_relaxed);
}

bool Collector::makeRoom(bool all) {
  if (engine_.options_.reclaim != Reclaim::Signals)
    return false;
  if (all) { // it is in use by its functions, but few of them are running: the others start anew
    LockGuard lock(engine_.versions_.mutex());
    for (uint32_t id = 0; id < engine_.registry_.functionCount(); ++id) {
      FunctionRecord& record = engine_.registry_.function(FunctionId(id));
      if (record.state() == FirstCompile::Ready && !record.pinned.load(std::memory_order_relaxed))
        engine_.close(record);
    }
  }
  if (all) {
    serialiseAllThreads();
    engine_.statistics_.flushes.add();
  }
  const Result<CollectReport> report = collect();
  return report && report->freed > 0;
}

} // namespace tiercel
