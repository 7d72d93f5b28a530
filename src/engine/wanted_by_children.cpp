// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/wanted_by_children.h"

#include "base/mix.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tiercel {

namespace {

/// Slots that are looked at for a function. Where all are taken it is not told.
constexpr size_t kProbes = 16;

} // namespace

WantedByChildren::~WantedByChildren() {
  if (reader_ != getpid())
    return;
  for (const Reading& reading : readings_) {
    if (reading.page)
      munmap(reading.page, sizeof(Page));
  }
}

void WantedByChildren::note(FunctionId function) {
  Page* page = own_.load(std::memory_order_acquire);
  if (!page)
    return;
  const uint32_t entry = function.value + 1;
  for (size_t probe = 0; probe < kProbes; ++probe) {
    std::atomic<uint32_t>& slot = page->slots[(mixBits(entry) + probe) % kSlots];
    uint32_t found = 0;
    if (slot.compare_exchange_strong(found, entry, std::memory_order_relaxed)) {
      page->changes.fetch_add(1, std::memory_order_release); // readers look at the slots after this
      return;
    }
    if (found == entry)
      return;
  }
}

std::optional<FunctionId> WantedByChildren::next(const std::function<bool(FunctionId)>& isWanted) {
  LockGuard lock(mutex_);
  if (!listening_)
    return std::nullopt;
  for (Reading& reading : readings_) {
    while (reading.slot < kSlots) {
      const uint32_t entry = reading.page->slots[reading.slot++].load(std::memory_order_relaxed);
      if (const FunctionId function(entry - 1); entry != 0 && isWanted(function)) {
        ++compiling_;
        return function;
      }
    }
  }
  return std::nullopt;
}

void WantedByChildren::finished() {
  LockGuard lock(mutex_);
  --compiling_;
}

void WantedByChildren::stopListening() {
  LockGuard lock(mutex_);
  listening_ = false;
}

bool WantedByChildren::isReading() const {
  return listening_ && std::any_of(readings_.begin(), readings_.end(),
                                   [](const Reading& reading) { return reading.slot < kSlots; });
}

bool WantedByChildren::hasWork() {
  LockGuard lock(mutex_);
  return compiling_ > 0 || isReading();
}

/// The parent has ended, so nobody reads what is told. The page stays, because another thread may be in it;
/// children do not get it.
void WantedByChildren::becomeRoot() {
  madvise(own_.exchange(nullptr, std::memory_order_acq_rel), sizeof(Page), MADV_DONTFORK);
  readings_ = {};
}

void WantedByChildren::beforeFork() {
  if (!enabled_)
    return;
  const pid_t self = getpid();
  const bool isOther = std::exchange(reader_, self) != self;
  if (own_.load(std::memory_order_relaxed)) {
    if (getppid() == parent_)
      return;
    becomeRoot();
  } else if (isOther) {
    readings_ = {};
  }
  void* memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  forNextChild_ = memory == MAP_FAILED ? nullptr : static_cast<Page*>(memory); // without, nothing is told
}

bool WantedByChildren::afterForkInParent() {
  if (Page* page = std::exchange(forNextChild_, nullptr)) {
    Reading& reading = readings_[eldest_++ % kChildren];
    if (reading.page)
      munmap(reading.page, sizeof(Page));
    reading = {};
    // Where it cannot be kept from later children, this one is not listened to.
    if (madvise(page, sizeof(Page), MADV_DONTFORK) == 0)
      reading.page = page;
    else
      munmap(page, sizeof(Page));
  }
  for (Reading& reading : readings_) {
    if (!reading.page)
      continue;
    const uint32_t changes = reading.page->changes.load(std::memory_order_acquire);
    if (std::exchange(reading.seenChanges, changes) != changes)
      reading.slot = 0;
  }
  return isReading();
}

void WantedByChildren::afterForkInChild() {
  if (Page* page = std::exchange(forNextChild_, nullptr))
    own_.store(page, std::memory_order_release);
  readings_ = {};
  Page* own = own_.load(std::memory_order_relaxed);
  readings_.front().page = own;
  if (own)
    readings_.front().seenChanges = own->changes.load(std::memory_order_acquire);
  parent_ = std::exchange(reader_, getpid());
  compiling_ = 0;
}

} // namespace tiercel
