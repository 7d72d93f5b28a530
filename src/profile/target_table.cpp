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
  TargetTable::Entry* spare = nullptr;
  for (TargetTable::Entry& entry : table.entries) {
    if (entry.target.load(kRelaxed) == target) {
      increment(entry.count);
      return;
    }
    if (!spare && entry.count.load(kRelaxed) == 0)
      spare = &entry;
  }
  if (!spare) {
    for (TargetTable::Entry& entry : table.entries) {
      if (const uint32_t count = entry.count.load(kRelaxed); count != 0)
        entry.count.store(count - 1, kRelaxed);
    }
    return;
  }
  void* old = spare->target.load(kRelaxed);
  if (spare->target.compare_exchange_strong(old, target, kRelaxed))
    spare->count.store(1, kRelaxed);
}

void copyTargets(TargetTable& to, const TargetTable& from) {
  for (unsigned i = 0; i < TargetTable::kEntries; ++i) {
    to.entries[i].target.store(from.entries[i].target.load(kRelaxed), kRelaxed);
    to.entries[i].count.store(from.entries[i].count.load(kRelaxed), kRelaxed);
  }
  to.total.store(from.total.load(kRelaxed), kRelaxed);
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
