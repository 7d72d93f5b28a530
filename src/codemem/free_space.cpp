// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/free_space.h"

#include "base/align.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace tiercel {

namespace {

/// What of `dirty` can lie in [begin, end); never less than what does.
FreeSpace::Dirty clip(const FreeSpace::Dirty& dirty, size_t begin, size_t end) {
  begin = std::max(begin, dirty.begin);
  end = std::min(end, dirty.end);
  if (dirty.bytes == 0 || begin >= end)
    return {};
  return {std::min(dirty.bytes, end - begin), begin, end};
}

FreeSpace::Dirty join(const FreeSpace::Dirty& left, const FreeSpace::Dirty& right) {
  if (left.bytes == 0 || right.bytes == 0)
    return left.bytes == 0 ? right : left;
  return {left.bytes + right.bytes, std::min(left.begin, right.begin), std::max(left.end, right.end)};
}

} // namespace

void FreeSpace::insert(size_t begin, size_t size, const Dirty& dirty) {
  if (size == 0)
    return;
  byBegin_.emplace(begin, Extent{size, dirty});
  bySize_.emplace(size, begin);
  total_ += size;
}

void FreeSpace::erase(ByBegin::iterator range) {
  total_ -= range->second.size;
  bySize_.erase({range->second.size, range->first});
  byBegin_.erase(range);
}

FreeSpace::Range FreeSpace::add(size_t begin, size_t size, Dirty dirty) {
  size_t end = begin + size;
  const auto next = byBegin_.lower_bound(begin);
  if (next != byBegin_.begin()) {
    const auto previous = std::prev(next);
    const size_t previousEnd = previous->first + previous->second.size;
    assert(previousEnd <= begin && "freed twice");
    if (previousEnd == begin) {
      begin = previous->first;
      dirty = join(previous->second.dirty, dirty);
      erase(previous);
    }
  }
  if (next != byBegin_.end()) {
    assert(next->first >= end && "freed twice");
    if (next->first == end) {
      end += next->second.size;
      dirty = join(dirty, next->second.dirty);
      erase(next);
    }
  }
  insert(begin, end - begin, dirty);
  return {begin, end, dirty};
}

void FreeSpace::cut(ByBegin::iterator range, size_t begin, size_t size) {
  const size_t first = range->first;
  const size_t last = first + range->second.size;
  const Dirty dirty = range->second.dirty;
  erase(range);
  insert(first, begin - first, clip(dirty, first, begin));
  insert(begin + size, last - (begin + size), clip(dirty, begin + size, last));
}

std::optional<size_t> FreeSpace::take(size_t size, size_t alignment) {
  const auto takeFrom = [&](size_t rangeBegin) -> std::optional<size_t> {
    const auto range = byBegin_.find(rangeBegin);
    const size_t begin = alignUp(rangeBegin, alignment);
    if (begin + size > rangeBegin + range->second.size)
      return std::nullopt;
    cut(range, begin, size);
    return begin;
  };
  // The smallest range mostly does: few requests are aligned beyond what all ranges are.
  constexpr int kTries = 8;
  auto candidate = bySize_.lower_bound({size, 0});
  for (int i = 0; i < kTries && candidate != bySize_.end(); ++i, ++candidate) {
    if (std::optional<size_t> begin = takeFrom(candidate->second))
      return begin;
  }
  candidate = bySize_.lower_bound({size + alignment - 1, 0});
  return candidate == bySize_.end() ? std::nullopt : takeFrom(candidate->second);
}

bool FreeSpace::takeAt(size_t begin, size_t size) {
  auto range = byBegin_.upper_bound(begin);
  if (range == byBegin_.begin())
    return false;
  --range;
  if (range->first + range->second.size < begin + size)
    return false;
  cut(range, begin, size);
  return true;
}

size_t FreeSpace::tailBegin(size_t end) const {
  if (byBegin_.empty())
    return end;
  const auto last = std::prev(byBegin_.end());
  return last->first + last->second.size == end ? last->first : end;
}

size_t FreeSpace::largestWithout(size_t begin) const {
  auto range = bySize_.rbegin();
  if (range != bySize_.rend() && range->second == begin)
    ++range;
  return range == bySize_.rend() ? 0 : range->first;
}

} // namespace tiercel
