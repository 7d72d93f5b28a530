// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/target_table.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace tiercel {
namespace {

void* address(uintptr_t number) { return reinterpret_cast<void*>(0x1000 + number * 16); }

TEST(TargetTableTest, FewTargetsAreExact) {
  TargetTable table{};
  for (unsigned i = 0; i < 100; ++i)
    recordTarget(table, address(i % 10 < 7 ? 1 : 2));
  const TargetHistogram histogram = decodeTargets(table);
  ASSERT_EQ(histogram.targets.size(), 2u);
  EXPECT_EQ(histogram.targets[0].target, address(1));
  EXPECT_EQ(histogram.targets[0].count, 70u);
  EXPECT_EQ(histogram.targets[1].count, 30u);
  EXPECT_EQ(histogram.total, 100u);
}

TEST(TargetTableTest, ATargetThatComesLateStillAppears) {
  TargetTable table{};
  for (unsigned i = 0; i < 100; ++i)
    recordTarget(table, address(i % 20)); // nobody stands out
  for (unsigned i = 0; i < 1000; ++i)
    recordTarget(table, address(99));
  const TargetHistogram histogram = decodeTargets(table);
  ASSERT_FALSE(histogram.targets.empty());
  EXPECT_EQ(histogram.targets[0].target, address(99));
  EXPECT_GE(histogram.targets[0].count, 980u);
  EXPECT_EQ(histogram.total, 1100u);
}

TEST(TargetTableTest, CountsAreLowerBoundsAndMajoritiesAreFound) {
  std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same every time
  for (unsigned round = 0; round < 50; ++round) {
    TargetTable table{};
    std::vector<uint64_t> truth(40);
    for (unsigned i = 0; i < 5000; ++i) {
      const unsigned target = random() % 10 < 4 ? round % 40 : random() % 40;
      ++truth[target];
      recordTarget(table, address(target));
    }
    const TargetHistogram histogram = decodeTargets(table);
    bool found = false;
    for (const TargetCount& entry : histogram.targets) {
      const uint64_t number = (reinterpret_cast<uintptr_t>(entry.target) - 0x1000) / 16;
      EXPECT_LE(entry.count, truth[number]);
      found |= number == round % 40;
    }
    EXPECT_TRUE(found);
  }
}

TEST(TargetTableTest, PastFavouritesDoNotKeepTheTableFull) {
  TargetTable table{};
  for (unsigned i = 0; i < 4000; ++i)
    recordTarget(table, address(i % 4));
  // A quarter of what follows, among targets that never return: too little for the only entry of four.
  for (unsigned i = 0; i < 40000; ++i)
    recordTarget(table, address(i % 4 == 0 ? 5000 : 100 + i % 3000));
  bool found = false;
  for (const TargetCount& entry : decodeTargets(table).targets)
    found |= entry.target == address(5000);
  EXPECT_TRUE(found);
}

TEST(TargetTableTest, ManyThreads) {
  TargetTable table{};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&table, t] {
      std::mt19937 random(t);
      for (unsigned i = 0; i < 20000; ++i)
        recordTarget(table, address(random() % 4 == 0 ? random() % 30 : 77));
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const TargetHistogram histogram = decodeTargets(table);
  ASSERT_FALSE(histogram.targets.empty());
  EXPECT_EQ(histogram.targets[0].target, address(77));
  EXPECT_LE(histogram.total, 160000u);
  uint64_t sum = 0;
  for (const TargetCount& entry : histogram.targets)
    sum += entry.count;
  EXPECT_LE(sum, histogram.total);
}

TEST(TargetTableTest, CountsStopAtTheLargest) {
  TargetTable table{};
  table.entries[0].target = address(1);
  table.entries[0].count = ~0u;
  table.total = ~0u;
  recordTarget(table, address(1));
  EXPECT_EQ(decodeTargets(table).targets[0].count, ~0u);
}

} // namespace
} // namespace tiercel
