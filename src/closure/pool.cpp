// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "closure/pool.h"

#include "closure/activations.h"

#include <algorithm>
#include <cstdlib>
#include <pthread.h>

namespace tiercel {

using detail::ClosureFrame;
using detail::ClosureKind;
using detail::ClosureSlot;
using detail::kClosureKinds;

namespace {

// A barrier on all threads costs some microseconds: shared by this many, as much as the lock.
constexpr size_t kEnoughRetired = 256;
// Regions grow, so that many closures do not become many mappings; a single one costs five pages of address
// space.
constexpr size_t kMaxRegionBytes = 512 << 10;

std::atomic<FreedClosureHandler> freedHandler;

/// What the thunks of freed closures jump to: it finds the slot where every entry of the kind does.
template <typename... Before> void freedInRegister(Before... /*arguments*/, ClosureSlot* slot) {
  detail::calledFreedClosure(*slot);
}
void freedOnStack(const ClosureFrame frame) { detail::calledFreedClosure(*frame.slot); }

const void* freedTarget(ClosureKind kind) {
  static const void* const kTargets[kClosureKinds] = {
      reinterpret_cast<const void*>(&freedInRegister<>),
      reinterpret_cast<const void*>(&freedInRegister<long>),
      reinterpret_cast<const void*>(&freedInRegister<long, long>),
      reinterpret_cast<const void*>(&freedInRegister<long, long, long>),
      reinterpret_cast<const void*>(&freedInRegister<long, long, long, long>),
      reinterpret_cast<const void*>(&freedInRegister<long, long, long, long, long>),
      reinterpret_cast<const void*>(&freedOnStack)};
  return kTargets[kind];
}

/// Set while this thread destroys callables: their destructors only add to the retired, and the loop that
/// runs them takes these as well, so that long chains of closures that own each other do not become deep
/// recursion.
thread_local bool destroying;

} // namespace

static ClosureSlot* nextOf(const ClosureSlot* slot) {
  return reinterpret_cast<ClosureSlot*>(slot->count.load(std::memory_order_relaxed));
}

void ClosurePool::SlotList::push(ClosureSlot* slot) {
  slot->count.store(reinterpret_cast<uintptr_t>(first), std::memory_order_relaxed);
  first = slot;
}

ClosureSlot* ClosurePool::SlotList::pop() {
  ClosureSlot* const slot = first;
  if (slot)
    first = nextOf(slot);
  return slot;
}

ClosurePool& ClosurePool::instance() {
  static ClosurePool& pool = *new ClosurePool; // never destroyed
  return pool;
}

ClosurePool::ClosurePool() : started_(startActivations()) {
  if (const int error = started_ ? pthread_atfork(lockForFork, unlockAfterFork, unlockInChild) : 0)
    started_ =
        Error(ErrorKind::Environment, "closure", "no memory for a fork handler: " + std::to_string(error));
}

// The lock is taken in one function and released in another, which the analysis does not follow.
void ClosurePool::lockForFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS { instance().mutex_.lock(); }
void ClosurePool::unlockAfterFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS { instance().mutex_.unlock(); }
void ClosurePool::unlockInChild() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  dropOtherThreads();
  instance().mutex_.unlock();
}

Result<ClosureSlot*> ClosurePool::take(ClosureKind number) {
  if (!started_)
    return started_.error();
  LockGuard lock(mutex_);
  Kind& kind = kinds_[number];
  ClosureSlot* slot = kind.free.pop();
  if (!slot)
    slot = kind.region.next();
  if (!slot) {
    Result<SlotRegion> region = SlotRegion::make(number, kind.nextRegionBytes);
    if (!region)
      return region.takeError();
    kind.region = *region;
    kind.nextRegionBytes = std::min(2 * kind.nextRegionBytes, kMaxRegionBytes);
    slot = kind.region.next();
  }
  ++live_;
  return slot;
}

void ClosurePool::giveBack(ClosureKind kind, ClosureSlot* slot) {
  LockGuard lock(mutex_);
  kinds_[kind].free.push(slot);
  --live_;
}

void ClosurePool::retire(ClosureKind kind, ClosureSlot* slot) {
  slot->target.store(freedTarget(kind), std::memory_order_release);
  {
    LockGuard lock(mutex_);
    kinds_[kind].retired.push(slot);
    --live_;
    ++waiting_;
    if (destroying || !worthLooking())
      return;
  }
  destroyAll(false);
}

size_t ClosurePool::collect() {
  if (!destroying)
    destroyAll(true);
  LockGuard lock(mutex_);
  return waiting_;
}

ClosureCounts ClosurePool::counts() {
  LockGuard lock(mutex_);
  return {live_, waiting_};
}

bool ClosurePool::worthLooking() {
  const size_t fresh = waiting_ - std::min(waiting_, foundMarked_);
  return fresh > foundMarked_ && (fresh >= kEnoughRetired || onlyThisThreadEntersClosures());
}

void ClosurePool::destroyAll(bool evenIfFew) {
  destroying = true;
  while (destroyUnmarked(evenIfFew)) {
  }
  destroying = false;
}

bool ClosurePool::destroyUnmarked(bool evenIfFew) {
  SlotList unmarked[kClosureKinds];
  {
    LockGuard lock(mutex_);
    if (!evenIfFew && !worthLooking())
      return false;
    takeUnmarked(unmarked);
  }
  // Freed only after all are destroyed: a destructor that calls its own closure finds that freed, and not
  // somebody else's.
  size_t destroyed = 0;
  for (SlotList& list : unmarked)
    for (ClosureSlot* slot = list.first; slot; slot = nextOf(slot), ++destroyed)
      slot->destroy(*slot);
  if (destroyed == 0)
    return false;
  LockGuard lock(mutex_);
  for (ClosureKind kind = 0; kind < kClosureKinds; ++kind)
    while (ClosureSlot* slot = unmarked[kind].pop())
      kinds_[kind].free.push(slot);
  return true;
}

void ClosurePool::takeUnmarked(SlotList (&unmarked)[kClosureKinds]) {
  if (waiting_ == 0 || !collectMarkedSlots(marked_)) {
    foundMarked_ = waiting_;
    return;
  }
  foundMarked_ = 0;
  for (ClosureKind kind = 0; kind < kClosureKinds; ++kind) {
    SlotList stay;
    while (ClosureSlot* slot = kinds_[kind].retired.pop()) {
      const bool isMarked = std::binary_search(marked_.begin(), marked_.end(), slot);
      (isMarked ? stay : unmarked[kind]).push(slot);
      foundMarked_ += isMarked ? 1 : 0;
    }
    kinds_[kind].retired = stay;
  }
  waiting_ = foundMarked_;
}

namespace detail {

Result<ClosureSlot*> takeClosureSlot(ClosureKind kind) { return ClosurePool::instance().take(kind); }
void giveBackClosureSlot(ClosureKind kind, ClosureSlot* slot) noexcept {
  ClosurePool::instance().giveBack(kind, slot);
}
void retireClosureSlot(ClosureKind kind, ClosureSlot* slot) noexcept {
  ClosurePool::instance().retire(kind, slot);
}

void calledFreedClosure(const ClosureSlot& slot) {
  if (const FreedClosureHandler handler = freedHandler.load(std::memory_order_acquire))
    handler(slot.code);
  std::abort();
}

} // namespace detail

std::size_t collectClosures() noexcept { return ClosurePool::instance().collect(); }
ClosureCounts countClosures() noexcept { return ClosurePool::instance().counts(); }
FreedClosureHandler onFreedClosureCall(FreedClosureHandler handler) noexcept {
  return freedHandler.exchange(handler, std::memory_order_acq_rel);
}

} // namespace tiercel
