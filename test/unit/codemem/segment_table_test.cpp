// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/segment_table.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <elf.h>
#include <thread>

namespace tiercel {
namespace {

struct Counts {
  uint64_t adds = SegmentTable::changes().adds.load();
  uint64_t subs = SegmentTable::changes().subs.load();

  Counts since(const Counts& before) const { return {adds - before.adds, subs - before.subs}; }
  bool operator==(const Counts&) const = default;
};

class SegmentTables : public testing::Test {
protected:
  static constexpr uintptr_t kLoadBase = 0x7000'0000'0000;

  static void* at(uintptr_t address) { return reinterpret_cast<void*>(address); }
  Counts changes() const { return Counts().since(before_); }

  std::array<ProgramHeader, 2> headers_{};
  SegmentTable table_{headers_, kLoadBase};

private:
  const Counts before_;
};

TEST_F(SegmentTables, AHeaderSaysWhatThereIs) {
  const auto segment = table_.add(at(kLoadBase + 0x5000), SegmentTable::Data);
  ASSERT_TRUE(segment);
  EXPECT_EQ(headers_[0].type, uint32_t(PT_NULL));
  table_.resize(*segment, 0x3000);
  EXPECT_EQ(headers_[0].type, uint32_t(PT_LOAD));
  EXPECT_EQ(headers_[0].flags, uint32_t(PF_R | PF_W));
  EXPECT_EQ(headers_[0].address, 0x5000u);
  EXPECT_EQ(headers_[0].memorySize, 0x3000u);
  EXPECT_EQ(headers_[0].fileSize, 0u);
}

TEST_F(SegmentTables, AddressesMayLieBelowTheLoadBase) {
  const auto segment = table_.add(at(kLoadBase - 0x5000), SegmentTable::Code);
  ASSERT_TRUE(segment);
  table_.resize(*segment, 1);
  EXPECT_EQ(headers_[0].address + kLoadBase, kLoadBase - 0x5000);
  EXPECT_EQ(headers_[0].flags, uint32_t(PF_R | PF_X));
}

TEST_F(SegmentTables, EveryChangeIsCounted) {
  const size_t segment = table_.add(at(kLoadBase), SegmentTable::Data).value();
  EXPECT_EQ(changes(), (Counts{0, 0}));
  table_.resize(segment, 10);
  EXPECT_EQ(changes(), (Counts{1, 0}));
  table_.resize(segment, 10);
  EXPECT_EQ(changes(), (Counts{1, 0}));
  table_.resize(segment, 30);
  EXPECT_EQ(changes(), (Counts{2, 1}));
  table_.resize(segment, 20);
  EXPECT_EQ(changes(), (Counts{3, 2}));
  table_.resize(segment, 0);
  EXPECT_EQ(changes(), (Counts{3, 3}));
  table_.resize(segment, 0);
  EXPECT_EQ(changes(), (Counts{3, 3}));
}

TEST_F(SegmentTables, WhatIsHiddenKeepsItsAddress) {
  const size_t segment = table_.add(at(kLoadBase + 64), SegmentTable::Data).value();
  table_.resize(segment, 10);
  table_.resize(segment, 0);
  EXPECT_EQ(headers_[0].type, uint32_t(PT_NULL));
  EXPECT_EQ(headers_[0].address, 64u);
  table_.resize(segment, 20);
  EXPECT_EQ(headers_[0].type, uint32_t(PT_LOAD));
  EXPECT_EQ(headers_[0].memorySize, 20u);
}

TEST_F(SegmentTables, AFullTableTakesNoMore) {
  EXPECT_TRUE(table_.add(at(1), SegmentTable::Data));
  EXPECT_TRUE(table_.add(at(2), SegmentTable::Data));
  EXPECT_FALSE(table_.add(at(3), SegmentTable::Data));
  EXPECT_FALSE(SegmentTable().add(at(1), SegmentTable::Data));
}

TEST_F(SegmentTables, HideAllHidesWhatIsShown) {
  const size_t shown = table_.add(at(kLoadBase), SegmentTable::Data).value();
  (void)table_.add(at(kLoadBase), SegmentTable::Code);
  table_.resize(shown, 10);
  table_.hideAll();
  EXPECT_EQ(headers_[0].type, uint32_t(PT_NULL));
  EXPECT_EQ(headers_[1].type, uint32_t(PT_NULL));
  EXPECT_EQ(changes(), (Counts{1, 1}));
}

// A reader between any two stores finds a size that the segment had.
TEST_F(SegmentTables, ReadersSeeNothingThatNeverWas) {
  const size_t segment = table_.add(at(kLoadBase + 8), SegmentTable::Data).value();
  std::atomic<bool> done{false};
  uint64_t wrong = 0;
  std::thread reader([&] {
    ProgramHeader& header = headers_[0];
    while (!done.load()) {
      if (std::atomic_ref(header.type).load(std::memory_order_acquire) != PT_LOAD)
        continue;
      const uint64_t size = std::atomic_ref(header.memorySize).load(std::memory_order_relaxed);
      wrong += header.address != 8 || (size != 0 && size != 16 && size != 32);
    }
  });
  for (int round = 0; round < 100'000; ++round) {
    table_.resize(segment, 16);
    table_.resize(segment, 32);
    table_.resize(segment, 0);
  }
  done = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
}

} // namespace
} // namespace tiercel
