// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/bound_thunk.h"
#include "codemem/call_sites.h"
#include "codemem/function_table.h"
#include "platform/lazy_entry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <utility>

namespace tiercel {
namespace {

template <typename T> T readAs(const std::byte* from) {
  T value;
  memcpy(static_cast<void*>(&value), from, sizeof value);
  return value;
}

uint8_t byteAt(const std::byte* at) { return static_cast<uint8_t>(*at); }

class FunctionTableTest : public testing::Test {
protected:
  void growTo(size_t count) {
    const Status status = table.growTo(count);
    ASSERT_TRUE(status) << status.error().message();
  }

  std::unique_ptr<Arena> arena = std::move(*Arena::create());
  int engine = 0;
  CodeMap map{*arena};
  FunctionTable table{*arena, map, &engine};
};

// The linker and the fork handlers rely on these bytes, so they are spelled out here.
TEST_F(FunctionTableTest, StubBytes) {
  growTo(3);
  for (uint32_t i = 0; i < 3; ++i) {
    const std::byte* stub = table.stub(FunctionId(i));
    ASSERT_EQ(byteAt(stub), 0xff); // jmp *cell(%rip)
    ASSERT_EQ(byteAt(stub + 1), 0x25);
    EXPECT_EQ(stub + 6 + readAs<int32_t>(stub + 2),
              reinterpret_cast<const std::byte*>(&table.cell(FunctionId(i))));
    ASSERT_EQ(byteAt(stub + 6), 0x68); // push $id
    EXPECT_EQ(readAs<uint32_t>(stub + 7), i);
    ASSERT_EQ(byteAt(stub + 11), 0xe9); // jmp pad
    const std::byte* pad = stub + 16 + readAs<int32_t>(stub + 12);
    ASSERT_EQ(byteAt(pad), 0xff); // push engine(%rip): no register is free
    ASSERT_EQ(byteAt(pad + 1), 0x35);
    EXPECT_EQ(readAs<void*>(pad + 6 + readAs<int32_t>(pad + 2)), &engine);
    ASSERT_EQ(byteAt(pad + 6), 0xff); // jmp *target(%rip)
    ASSERT_EQ(byteAt(pad + 7), 0x25);
    EXPECT_EQ(readAs<void*>(pad + 12 + readAs<int32_t>(pad + 8)),
              reinterpret_cast<void*>(&tiercel_lazy_entry));
  }
}

TEST_F(FunctionTableTest, UnwindersFindStubsInTheMap) {
  growTo(513);
  const std::byte prefix[] = {std::byte(1), std::byte(2)};
  ASSERT_TRUE(table.placeBehind(FunctionId(3), prefix));
  for (const uint32_t i : {0u, 511u, 512u}) {
    for (size_t offset = 0; offset < StubShape::kStubBytes; ++offset) {
      const auto range = map.lookup(table.stub(FunctionId(i)) + offset);
      ASSERT_TRUE(range);
      EXPECT_EQ(range->fde, stubsFrame());
      EXPECT_FALSE(range->function.valid());
      // Where the description's distances count from.
      EXPECT_EQ(static_cast<size_t>(table.stub(FunctionId(i)) - range->begin) % StubShape::kStubBytes, 0u);
    }
  }
  EXPECT_EQ(map.lookup(table.stub(FunctionId(0)))->begin + StubShape::kStubs, table.stub(FunctionId(0)));
  EXPECT_EQ(map.lookup(table.tripPad())->begin + StubShape::kTripPad, table.tripPad());
  EXPECT_EQ(map.lookup(table.stub(FunctionId(3)))->fde, thunkFrame());
}

TEST_F(FunctionTableTest, CellsStartAtTheLazyPartOfTheirStub) {
  growTo(2000); // several chunks
  std::set<const void*> cells;
  for (uint32_t i = 0; i < 2000; ++i) {
    const FunctionId id(i);
    EXPECT_EQ(table.cell(id).load(), table.stub(id) + 6);
    EXPECT_EQ(table.lazyAddress(id), table.cell(id).load());
    EXPECT_TRUE(arena->isNear(&table.cell(id)));
    EXPECT_TRUE(arena->isNear(&table.counters(id)));
    cells.insert(&table.cell(id));
  }
  EXPECT_EQ(cells.size(), 2000u);
}

TEST_F(FunctionTableTest, AStubJumpsToWhatItsCellHolds) {
  growTo(1);
  const auto three = [] { return 3; };
  const auto four = [] { return 4; };
  const auto stub = reinterpret_cast<int (*)()>(table.stub(FunctionId(0)));
  CallSites calls(*arena, table);
  calls.publish(FunctionId(0), reinterpret_cast<void*>(+three));
  EXPECT_EQ(stub(), 3);
  calls.publish(FunctionId(0), reinterpret_cast<void*>(+four));
  EXPECT_EQ(stub(), 4);
}

TEST_F(FunctionTableTest, GrowingMovesNothing) {
  growTo(1);
  std::byte* const stub = table.stub(FunctionId(0));
  const std::atomic<void*>* const cell = &table.cell(FunctionId(0));
  growTo(1500);
  growTo(10); // never shrinks
  EXPECT_EQ(table.stub(FunctionId(0)), stub);
  EXPECT_EQ(&table.cell(FunctionId(0)), cell);
  EXPECT_EQ(readAs<uint32_t>(table.stub(FunctionId(1499)) + 7), 1499u);
}

TEST_F(FunctionTableTest, IdOfStub) {
  growTo(1500);
  for (uint32_t i : {0u, 1u, 511u, 512u, 513u, 1023u, 1024u, 1499u})
    EXPECT_EQ(table.idOfStub(table.stub(FunctionId(i))), FunctionId(i));
  EXPECT_FALSE(table.idOfStub(table.stub(FunctionId(5)) + 1).valid());
  EXPECT_FALSE(table.idOfStub(table.lazyAddress(FunctionId(5))).valid());
  EXPECT_FALSE(table.idOfStub(table.stub(FunctionId(0)) - 16).valid());
  EXPECT_FALSE(table.idOfStub(&engine).valid());
  EXPECT_FALSE(table.idOfStub(nullptr).valid());
}

TEST(BoundThunk, EachArgumentPosition) {
  const std::unique_ptr<Arena> arena = std::move(*Arena::create());
  CodeMap map{*arena};
  using Six = long (*)(long, long, long, long, long, long);
  const Six digits = [](long a, long b, long c, long d, long e, long f) {
    return ((((a * 10 + b) * 10 + c) * 10 + d) * 10 + e) * 10 + f;
  };
  const long expected[] = {923456, 193456, 129456, 123956, 123496, 123459};
  for (unsigned argument = 0; argument < 6; ++argument) {
    const Result<void*> thunk = makeBoundThunk(*arena, map, reinterpret_cast<void*>(digits), argument,
                                               reinterpret_cast<void*>(9)); // in place of that digit
    ASSERT_TRUE(thunk) << thunk.error().message();
    EXPECT_EQ(reinterpret_cast<Six>(*thunk)(1, 2, 3, 4, 5, 6), expected[argument]);
    EXPECT_EQ(map.lookup(*thunk)->fde, thunkFrame());
  }
}

} // namespace
} // namespace tiercel
