// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/frame_registration.h"

#include "link/unwind.h"
#include "platform/program_state_guard.h"
#include "platform/signals_blocked.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>

extern "C" void __register_frame(void*);
extern "C" void __deregister_frame(void*);

namespace tiercel {

namespace {

struct Table {
  std::shared_mutex mutex;                                          ///< held with signals blocked only
  std::map<const std::byte*, const std::vector<FrameRange>*> byEnd; ///< of the last range
};

std::atomic<size_t> registered{0};

/// Never destroyed: exceptions may be thrown until the process is gone.
Table& table() {
  static Table& only = *new Table;
  return only;
}

} // namespace

FrameRegistration::FrameRegistration(std::vector<FrameRange> ranges, void* section)
    : ranges_(std::move(ranges)), section_(section) {
  if (ranges_.empty())
    return;
  if (!UnwindRegistration::isInterposed()) {
    __register_frame(section_);
    return;
  }
  const ProgramStateGuard guard;
  const std::unique_lock lock(table().mutex);
  table().byEnd[ranges_.back().end] = &ranges_;
  registered.fetch_add(1, std::memory_order_release);
}

FrameRegistration::~FrameRegistration() {
  if (ranges_.empty())
    return;
  if (!UnwindRegistration::isInterposed()) {
    __deregister_frame(section_);
    return;
  }
  const ProgramStateGuard guard;
  const std::unique_lock lock(table().mutex);
  table().byEnd.erase(ranges_.back().end);
  registered.fetch_sub(1, std::memory_order_release);
}

FrameRange FrameRegistration::find(const void* address) {
  if (registered.load(std::memory_order_acquire) == 0)
    return {};
  const auto* byte = static_cast<const std::byte*>(address);
  const SignalsBlocked blocked;
  const std::shared_lock lock(table().mutex);
  const auto object = table().byEnd.upper_bound(byte);
  if (object == table().byEnd.end())
    return {};
  const std::vector<FrameRange>& ranges = *object->second;
  const auto range =
      std::upper_bound(ranges.begin(), ranges.end(), byte,
                       [](const std::byte* at, const FrameRange& one) { return at < one.end; });
  return range != ranges.end() && byte >= range->begin ? *range : FrameRange();
}

} // namespace tiercel
