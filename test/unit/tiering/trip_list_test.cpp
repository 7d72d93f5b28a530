// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiering/trip_list.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

using Taken = std::vector<std::pair<FunctionRecord*, uint32_t>>;

constexpr uint32_t kCalls = 1u << static_cast<uint32_t>(TripKind::Calls);
constexpr uint32_t kLoops = 1u << static_cast<uint32_t>(TripKind::Loops);

TEST(TripList, OldestFirstWithBitsGathered) {
  FunctionRecord a(FunctionId(0), "a"), b(FunctionId(1), "b");
  TripList list;
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.push(a, TripKind::Calls));
  EXPECT_TRUE(list.push(b, TripKind::Loops));
  EXPECT_FALSE(list.push(a, TripKind::Loops)) << "it is in the list already";
  EXPECT_FALSE(list.push(b, TripKind::Loops));
  EXPECT_FALSE(list.empty());
  EXPECT_EQ(list.takeAll(), (Taken{{&a, kCalls | kLoops}, {&b, kLoops}}));
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.takeAll().empty());
}

TEST(TripList, WhatWasTakenCanTripAgain) {
  FunctionRecord a(FunctionId(0), "a");
  TripList list;
  list.push(a, TripKind::Calls);
  list.takeAll();
  EXPECT_TRUE(list.push(a, TripKind::Loops));
  EXPECT_EQ(list.takeAll(), (Taken{{&a, kLoops}}));
}

TEST(TripList, NothingIsLostBetweenThreads) {
  constexpr size_t kThreads = 4, kRecords = 16, kRounds = 500;
  std::deque<FunctionRecord> records;
  for (uint32_t i = 0; i < kRecords; ++i)
    records.emplace_back(FunctionId(i), "function");
  TripList list;
  std::atomic<size_t> pushing{0};
  std::barrier begin(kThreads + 1);

  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t round = 0; round < kRounds; ++round) {
        begin.arrive_and_wait();
        // Everyone pushes everything, in different orders.
        for (size_t i = 0; i < kRecords; ++i)
          list.push(records[(i * (2 * t + 1) + t) % kRecords], t % 2 ? TripKind::Loops : TripKind::Calls);
        --pushing;
      }
    });
  }
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<uint32_t> seen(kRecords);
    pushing = kThreads;
    begin.arrive_and_wait();
    for (bool last = false;;) {
      for (auto [record, trips] : list.takeAll()) {
        EXPECT_NE(trips, 0u) << "a record was in the list twice";
        seen[record->id.value] |= trips;
      }
      if (last)
        break;
      last = pushing == 0; // once more, for what was pushed in the meantime
    }
    for (uint32_t trips : seen)
      ASSERT_EQ(trips, kCalls | kLoops) << "round " << round;
  }
  for (std::thread& thread : threads)
    thread.join();
}

} // namespace
} // namespace tiercel
