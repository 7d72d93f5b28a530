// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/target_table.h"

#include <algorithm>
#include <limits>

namespace tiercel {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// Not atomic as a whole: an exact count would cost every thread a locked instruction on a shared line.
void increment(std::atomic<uint32_t>& count) {
  const uint32_t value = count.load(kRelaxed);
  if (value != std::numeric_limits<uint32_t>::max())
    count.store(value + 1, kRelaxed);
}

} // namespace

void recordTarget(TargetTable& table, void* target) {
  increment(table.total);
  TargetTable::Entry* least = nullptr;
  for (TargetTable::Entry& entry : table.entries) {
    void* there = entry.target.load(kRelaxed);
    if (there == nullptr && entry.target.compare_exchange_strong(there, target, kRelaxed))
      there = target;
    if (there == target) {
      increment(entry.count);
      return;
    }
    if (least == nullptr || entry.count.load(kRelaxed) < least->count.load(kRelaxed))
      least = &entry;
  }
  const uint32_t count = least->count.load(kRelaxed);
  if (count > 0) {
    least->count.store(count - 1, kRelaxed);
  } else {
    void* old = least->target.load(kRelaxed);
    if (least->target.compare_exchange_strong(old, target, kRelaxed))
      least->count.store(1, kRelaxed);
  }
}

TargetHistogram decodeTargets(const TargetTable& table) {
  TargetHistogram histogram;
  uint64_t sum = 0;
  for (const TargetTable::Entry& entry : table.entries) {
    void* target = entry.target.load(kRelaxed);
    const uint64_t count = entry.count.load(kRelaxed);
    if (target == nullptr || count == 0)
      continue;
    sum += count;
    // Threads that miss at the same time can give two entries to one target.
    auto same = std::ranges::find(histogram.targets, target, &TargetCount::target);
    if (same != histogram.targets.end())
      same->count += count;
    else
      histogram.targets.push_back({target, count});
  }
  std::ranges::sort(histogram.targets, [](const TargetCount& a, const TargetCount& b) {
    return a.count != b.count ? a.count > b.count : std::less<>()(a.target, b.target);
  });
  histogram.total = std::max<uint64_t>(sum, table.total.load(kRelaxed));
  return histogram;
}

} // namespace tiercel
