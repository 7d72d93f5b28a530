// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/trip_kind.h"
#include "tiering/compile_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace tiercel {
namespace {

class CompileQueueTest : public testing::Test {
protected:
  FunctionRecord& record() {
    return records.emplace_back(FunctionId(static_cast<uint32_t>(records.size())), "function");
  }
  /// What the policy says of a function of this size.
  static Decision decisionFor(TripKind kind, uint32_t codeBytes) {
    FunctionSnapshot snapshot;
    snapshot.trips = 1u << static_cast<uint32_t>(kind);
    snapshot.codeBytes = codeBytes;
    return decide(snapshot, Options());
  }
  uint32_t push(TripKind kind, uint32_t codeBytes) {
    FunctionRecord& added = record();
    queue.push(added, decisionFor(kind, codeBytes));
    return added.id.value;
  }
  std::vector<uint32_t> popAll() {
    std::vector<uint32_t> order;
    while (std::optional<QueuedCompile> item = queue.pop())
      order.push_back(item->function->id.value);
    return order;
  }

  std::deque<FunctionRecord> records;
  CompileQueue queue;
};

TEST_F(CompileQueueTest, LoopsComeBeforeCalls) {
  const uint32_t first = push(TripKind::Calls, 100);
  const uint32_t second = push(TripKind::Calls, 100);
  const uint32_t loop = push(TripKind::Loops, 1 << 16);
  EXPECT_EQ(popAll(), (std::vector<uint32_t>{loop, first, second}));
}

TEST_F(CompileQueueTest, AmongEqualsTheFirstComeFirst) {
  std::vector<uint32_t> pushed(50);
  for (uint32_t& id : pushed)
    id = push(TripKind::Calls, 500);
  EXPECT_EQ(popAll(), pushed);
}

TEST_F(CompileQueueTest, AHugeFunctionWaitsForSmallOnes) {
  const uint32_t huge = push(TripKind::Calls, 1u << 30);
  const uint32_t small = push(TripKind::Calls, 100);
  EXPECT_EQ(popAll(), (std::vector<uint32_t>{small, huge}));
}

TEST_F(CompileQueueTest, NobodyStarves) {
  // A large function that is only called against an endless stream of small ones with loops.
  const uint32_t unlucky = push(TripKind::Calls, 1 << 20);
  push(TripKind::Loops, 1);
  unsigned rounds = 0;
  for (; rounds < 1000; ++rounds) {
    push(TripKind::Loops, 1);
    if (queue.pop()->function->id.value == unlucky)
      break;
  }
  EXPECT_LT(rounds, 1000u);
  EXPECT_GT(rounds, 10u) << "priorities mean nothing";
}

TEST_F(CompileQueueTest, MarksWhatWaits) {
  FunctionRecord& waiting = record();
  queue.push(waiting, decisionFor(TripKind::Calls, 1));
  EXPECT_TRUE(waiting.queued);
  EXPECT_FALSE(queue.empty());
  const std::optional<QueuedCompile> item = queue.pop();
  ASSERT_TRUE(item);
  EXPECT_EQ(item->function, &waiting);
  EXPECT_TRUE(waiting.queued) << "until whoever compiles it is done";
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.pop());
}

TEST_F(CompileQueueTest, RemembersItsGreatestDepth) {
  EXPECT_EQ(queue.maxDepth(), 0u);
  for (int i = 0; i < 5; ++i)
    push(TripKind::Calls, 1);
  popAll();
  push(TripKind::Calls, 1);
  EXPECT_EQ(queue.maxDepth(), 5u);
}

} // namespace
} // namespace tiercel
