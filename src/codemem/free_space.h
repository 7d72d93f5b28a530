// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which parts of a span of memory are free: best fit, the lowest address among equals, and neighbours joined
// as soon as they are free. Works on offsets alone and keeps its books outside the memory that it manages, so
// that code pages hold nothing but code.
//
// Every operation takes logarithmic time in the number of free ranges, which is at most one more than the
// number of blocks in use. Invariant: ranges neither overlap nor touch.
//
// A range remembers what of it was in use since its pages were last given back to the system: its owner can
// then ask the system once for many small blocks, and only for pages that it may hold.
//
// Thread rule: one user at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tiercel {

class FreeSpace {
public:
  /// Bytes of a free range that may hold memory of the system: how many, and between which offsets.
  struct Dirty {
    size_t bytes = 0;
    size_t begin = 0; ///< these two: if `bytes` is not 0
    size_t end = 0;
  };
  struct Range {
    size_t begin;
    size_t end;
    Dirty dirty;
  };

  /// Adds space that nobody has used yet.
  void addClean(size_t begin, size_t size) { add(begin, size, {}); }
  /// Adds space that was in use, and returns the whole range that it is part of now.
  Range addDirty(size_t begin, size_t size) { return add(begin, size, {size, begin, begin + size}); }
  /// The pages of the range that begins there were given back.
  void markClean(size_t begin) { byBegin_.at(begin).dirty = {}; }

  /// `alignment` is a power of two. With an alignment above that of all ranges and sizes, a range that fits
  /// exactly may be overlooked; one with room for the alignment never is.
  std::optional<size_t> take(size_t size, size_t alignment);
  /// False if any of it is not free.
  bool takeAt(size_t begin, size_t size);

  /// Calls `visit` with begin and end of each free range, in order. Neither this nor the next uses the heap.
  template <typename Visit> void forEachRange(Visit visit) const {
    for (const auto& [begin, extent] : byBegin_)
      visit(begin, begin + extent.size);
  }
  /// The same for what is not free between two offsets.
  template <typename Visit> void forEachGap(size_t begin, size_t end, Visit visit) const {
    auto range = byBegin_.upper_bound(begin);
    if (range != byBegin_.begin())
      --range;
    for (; range != byBegin_.end() && range->first < end; ++range) {
      if (range->first > begin)
        visit(begin, range->first);
      begin = std::max(begin, range->first + range->second.size);
    }
    if (begin < end)
      visit(begin, end);
  }

  size_t total() const { return total_; }
  size_t largest() const { return bySize_.empty() ? 0 : bySize_.rbegin()->first; }
  /// Where the range begins that ends at `end`; `end` if there is none.
  size_t tailBegin(size_t end) const;
  /// The largest range, but for the one that begins at `begin`.
  size_t largestWithout(size_t begin) const;

private:
  struct Extent {
    size_t size;
    Dirty dirty;
  };
  using ByBegin = std::map<size_t, Extent>;

  Range add(size_t begin, size_t size, Dirty dirty);
  void insert(size_t begin, size_t size, const Dirty& dirty);
  void erase(ByBegin::iterator range);
  void cut(ByBegin::iterator range, size_t begin, size_t size);

  ByBegin byBegin_;
  std::set<std::pair<size_t, size_t>> bySize_; ///< size, begin
  size_t total_ = 0;
};

} // namespace tiercel
