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
  /// `doublings`: of what is saved for each nanosecond of compiling.
  uint32_t push(int doublings) {
    FunctionRecord& added = record();
    Decision decision;
    decision.priority = int64_t{1024} * doublings;
    queue.push(added, decision);
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

TEST_F(CompileQueueTest, TheMostUrgentComesFirst) {
  const uint32_t first = push(0);
  const uint32_t second = push(-3);
  const uint32_t third = push(5);
  EXPECT_EQ(popAll(), (std::vector<uint32_t>{third, first, second}));
}

TEST_F(CompileQueueTest, AmongEqualsTheFirstComeFirst) {
  std::vector<uint32_t> pushed(50);
  for (uint32_t& id : pushed)
    id = push(2);
  EXPECT_EQ(popAll(), pushed);
}

TEST_F(CompileQueueTest, BetterEstimatesChangeTheOrder) {
  const uint32_t huge = push(-10);
  const uint32_t small = push(0);
  ASSERT_TRUE(queue.find(records[huge]));
  EXPECT_EQ(queue.find(records[huge])->priority, -10 * 1024);
  Decision better;
  better.priority = int64_t{3} * 1024;
  queue.update(records[huge], better);
  EXPECT_EQ(popAll(), (std::vector<uint32_t>{huge, small}));
  EXPECT_FALSE(queue.find(records[huge]));
  queue.update(records[huge], better); // not there: nothing happens
  EXPECT_TRUE(queue.empty());
}

TEST_F(CompileQueueTest, NobodyStarves) {
  // The least urgent there can be against an endless stream of the most urgent.
  const uint32_t unlucky = push(-14);
  push(14);
  unsigned rounds = 0;
  for (; rounds < 1000; ++rounds) {
    push(14);
    if (queue.pop()->function->id.value == unlucky)
      break;
  }
  EXPECT_LT(rounds, 1000u);
  EXPECT_GT(rounds, 10u) << "priorities mean nothing";
}

TEST_F(CompileQueueTest, MarksWhatWaits) {
  FunctionRecord& waiting = record();
  queue.push(waiting, Decision());
  EXPECT_TRUE(waiting.queued);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.size(), 1u);
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
    push(0);
  popAll();
  push(0);
  EXPECT_EQ(queue.maxDepth(), 5u);
}

} // namespace
} // namespace tiercel
