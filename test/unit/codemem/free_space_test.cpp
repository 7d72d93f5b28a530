// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/free_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace tiercel {
namespace {

TEST(FreeSpace, TakesTheSmallestRangeThatFitsAndTheLowestOfEquals) {
  FreeSpace space;
  space.addClean(0, 100);
  space.addClean(200, 40);
  space.addClean(300, 64);
  space.addClean(400, 40);
  EXPECT_EQ(space.take(32, 1), 200u);
  EXPECT_EQ(space.take(40, 1), 400u);
  EXPECT_EQ(space.take(50, 1), 300u);
  EXPECT_EQ(space.take(50, 1), 0u);
  EXPECT_EQ(space.take(51, 1), std::nullopt);
  EXPECT_EQ(space.total(), 50u + 14 + 8);
  EXPECT_EQ(space.largest(), 50u);
}

TEST(FreeSpace, JoinsWithBothNeighbours) {
  FreeSpace space;
  space.addClean(0, 10);
  space.addClean(20, 10);
  EXPECT_EQ(space.largest(), 10u);
  const FreeSpace::Range range = space.addDirty(10, 10);
  EXPECT_EQ(range.begin, 0u);
  EXPECT_EQ(range.end, 30u);
  EXPECT_EQ(space.largest(), 30u);
  EXPECT_TRUE(space.takeAt(0, 30));
  EXPECT_EQ(space.total(), 0u);
}

TEST(FreeSpace, WhatIsLeftByAlignmentStaysFree) {
  FreeSpace space;
  space.addClean(16, 496);
  EXPECT_EQ(space.take(64, 256), 256u);
  EXPECT_EQ(space.total(), 496u - 64);
  EXPECT_EQ(space.take(240, 1), 16u);
}

TEST(FreeSpace, AnAlignedRequestFindsARangeBehindManyThatDoNotFit) {
  FreeSpace space;
  for (size_t i = 0; i < 100; ++i)
    space.addClean(i * 4096 + 16, 64 + i); // none holds an aligned 64 bytes
  space.addClean(1000 * 4096 + 16, 8192);
  EXPECT_EQ(space.take(64, 4096), 1001u * 4096);
}

TEST(FreeSpace, OnlyWhatIsFreeCanBeTakenAtAnAddress) {
  FreeSpace space;
  space.addClean(100, 100);
  EXPECT_FALSE(space.takeAt(0, 10));
  EXPECT_FALSE(space.takeAt(90, 20));
  EXPECT_FALSE(space.takeAt(190, 20));
  EXPECT_TRUE(space.takeAt(150, 50));
  EXPECT_FALSE(space.takeAt(150, 50));
  EXPECT_TRUE(space.takeAt(100, 50));
}

TEST(FreeSpace, ARangeKnowsWhatOfItWasUsed) {
  FreeSpace space;
  space.addClean(0, 1000);
  ASSERT_TRUE(space.takeAt(100, 50));
  ASSERT_TRUE(space.takeAt(300, 50));
  EXPECT_EQ(space.addDirty(100, 50).dirty.bytes, 50u);
  const FreeSpace::Range range = space.addDirty(300, 50);
  EXPECT_EQ(range.dirty.bytes, 100u);
  EXPECT_EQ(range.dirty.begin, 100u);
  EXPECT_EQ(range.dirty.end, 350u);
  // Taken out of the middle: what is left on either side knows its own.
  ASSERT_TRUE(space.takeAt(200, 100));
  const FreeSpace::Range right = space.addDirty(200, 1);
  EXPECT_EQ(right.dirty.begin, 100u);
  EXPECT_EQ(right.end, 201u);
  space.markClean(0);
  const FreeSpace::Range joined = space.addDirty(201, 99);
  EXPECT_EQ(joined.begin, 0u);
  EXPECT_EQ(joined.end, 1000u);
  EXPECT_EQ(joined.dirty.begin, 201u); // the left part is clean now, the right one still is not
  EXPECT_EQ(joined.dirty.end, 350u);
}

TEST(FreeSpace, TheRangeAtTheEndCanBeToldFromHoles) {
  FreeSpace space;
  EXPECT_EQ(space.tailBegin(1000), 1000u);
  space.addClean(0, 50);
  EXPECT_EQ(space.tailBegin(1000), 1000u);
  space.addClean(600, 400);
  EXPECT_EQ(space.tailBegin(1000), 600u);
  EXPECT_EQ(space.largest(), 400u);
  EXPECT_EQ(space.largestWithout(600), 50u);
}

/// Against an array that says of every byte whether it is free.
TEST(FreeSpace, ByChance) {
  constexpr size_t kBytes = 4096;
  std::mt19937 random(1);
  FreeSpace space;
  space.addClean(0, kBytes);
  std::vector<bool> isFree(kBytes, true);
  std::vector<std::pair<size_t, size_t>> blocks;
  const auto longestRun = [&] {
    size_t longest = 0, run = 0;
    for (bool free : isFree) {
      run = free ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  };
  for (int i = 0; i < 10000; ++i) {
    if (random() % 2 == 0 || blocks.empty()) {
      const size_t size = 1 + random() % 100;
      const size_t alignment = size_t(1) << random() % 7;
      std::optional<size_t> begin;
      if (random() % 8 == 0) {
        const size_t at = random() % (kBytes - size);
        const auto first = isFree.begin() + static_cast<std::ptrdiff_t>(at);
        const bool possible =
            std::all_of(first, first + static_cast<std::ptrdiff_t>(size), [](bool free) { return free; });
        ASSERT_EQ(space.takeAt(at, size), possible);
        if (possible)
          begin = at;
      } else {
        begin = space.take(size, alignment);
        if (!begin)
          ASSERT_LT(longestRun(), size + alignment - 1);
        else
          ASSERT_EQ(*begin % alignment, 0u);
      }
      if (!begin)
        continue;
      for (size_t byte = *begin; byte < *begin + size; ++byte) {
        ASSERT_TRUE(isFree[byte]);
        isFree[byte] = false;
      }
      blocks.push_back({*begin, size});
    } else {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      const auto [begin, size] = blocks.back();
      blocks.pop_back();
      const FreeSpace::Range range = space.addDirty(begin, size);
      std::fill_n(isFree.begin() + static_cast<std::ptrdiff_t>(begin), size, true);
      ASSERT_TRUE(range.begin == 0 || !isFree[range.begin - 1]);
      ASSERT_TRUE(range.end == kBytes || !isFree[range.end]);
      ASSERT_LE(range.dirty.begin, begin);
      ASSERT_GE(range.dirty.end, begin + size);
      ASSERT_LE(range.dirty.bytes, range.end - range.begin);
    }
    ASSERT_EQ(space.total(), static_cast<size_t>(std::count(isFree.begin(), isFree.end(), true)));
    ASSERT_EQ(space.largest(), longestRun());
    // Ranges and gaps are the same, told in order.
    std::vector<bool> told(kBytes);
    size_t last = 0;
    const auto tell = [&](size_t begin, size_t end) {
      ASSERT_TRUE(begin < end && begin >= last);
      std::fill(told.begin() + static_cast<std::ptrdiff_t>(begin),
                told.begin() + static_cast<std::ptrdiff_t>(end), true);
      last = end;
    };
    space.forEachRange(tell);
    ASSERT_EQ(told, isFree);
    const size_t from = random() % kBytes, to = from + random() % (kBytes - from);
    last = from;
    told.assign(kBytes, true);
    space.forEachGap(from, to, [&](size_t begin, size_t end) {
      ASSERT_TRUE(begin < end && begin >= last && end <= to);
      std::fill(told.begin() + static_cast<std::ptrdiff_t>(begin),
                told.begin() + static_cast<std::ptrdiff_t>(end), false);
      last = end;
    });
    for (size_t byte = from; byte < to; ++byte)
      ASSERT_EQ(told[byte], isFree[byte]);
  }
}

} // namespace
} // namespace tiercel
