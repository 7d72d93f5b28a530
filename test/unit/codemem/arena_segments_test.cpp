// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an arena shows in the program headers of its reservation.
#include "unit/support/arenas.h"

#include <algorithm>
#include <array>
#include <elf.h>
#include <optional>

namespace tiercel {
namespace {

constexpr size_t kMiB = size_t(1) << 20;
constexpr size_t kLarge = 17 * kMiB; // too large to be near code

/// Addresses with a table that the test reads. `unaligned`: they begin anywhere.
class TestReservation : public Reservation {
public:
  static constexpr size_t kUnaligned = size_t(3) * 4096;
  static constexpr size_t kBytes = Arena::kReservedBytes + kUnaligned;

  TestReservation(std::span<ProgramHeader> headers, std::byte* begin)
      : Reservation(begin + kUnaligned, Arena::kReservedBytes, SegmentTable(headers, 0)), begin_(begin) {}
  ~TestReservation() override { munmap(begin_, kBytes); }

  static std::unique_ptr<Reservation> make(std::span<ProgramHeader> headers) {
    void* found = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(found, MAP_FAILED);
    return std::make_unique<TestReservation>(headers, static_cast<std::byte*>(found));
  }

private:
  std::byte* const begin_;
};

class ArenaSegments : public testing::Test {
protected:
  explicit ArenaSegments() {
    Result<std::unique_ptr<Arena>> arena = Arena::create({}, TestReservation::make(headers_));
    EXPECT_TRUE(arena);
    arena_ = std::move(*arena);
  }
  /// How much is shown from this address on, and how; nothing if it lies in no segment.
  std::optional<std::pair<size_t, uint32_t>> shownFrom(const std::byte* address) const {
    for (const ProgramHeader& header : headers_) {
      const uint64_t offset = reinterpret_cast<uint64_t>(address) - header.address;
      if (header.type == PT_LOAD && offset < header.memorySize)
        return std::pair(header.memorySize - offset, header.flags);
    }
    return std::nullopt;
  }
  bool isData(const std::byte* begin, size_t size) const {
    const auto shown = shownFrom(begin);
    return shown && shown->first >= size && shown->second == (PF_R | PF_W);
  }
  size_t shownSegments() const {
    return static_cast<size_t>(std::count_if(headers_.begin(), headers_.end(),
                                             [](const ProgramHeader& each) { return each.type == PT_LOAD; }));
  }

  std::array<ProgramHeader, 6> headers_{};
  std::unique_ptr<Arena> arena_;
};

TEST_F(ArenaSegments, CodeAsFarAsItIsMapped) {
  using Shown = std::pair<size_t, uint32_t>;
  EXPECT_EQ(shownFrom(arena_->codeBase()), Shown(arena_->codeUsage().committed, PF_R | PF_X));
  code(*arena_, 5 * kMiB);
  EXPECT_EQ(shownFrom(arena_->codeBase()), Shown(arena_->codeUsage().committed, PF_R | PF_X));
}

TEST_F(ArenaSegments, NearDataAsFarAsItIsInUse) {
  EXPECT_EQ(shownSegments(), 1u); // the code
  std::byte* const first = data(*arena_, 10);
  EXPECT_TRUE(isData(first, kMiB)); // rounded up
  EXPECT_FALSE(isData(first, kMiB + 1));
  std::byte* const second = data(*arena_, 5 * kMiB);
  EXPECT_TRUE(isData(first, 6 * kMiB));
  EXPECT_FALSE(isData(first, 6 * kMiB + 1));
  arena_->freeData(second, 5 * kMiB, 1);
  EXPECT_TRUE(isData(first, kMiB));
  EXPECT_FALSE(isData(first, kMiB + 1));
  arena_->freeData(first, 10, 1);
  EXPECT_EQ(shownSegments(), 1u);
}

TEST_F(ArenaSegments, BlocksOutsideWhileTheyAreInUse) {
  std::byte* const first = data(*arena_, kLarge);
  std::byte* const aligned = data(*arena_, kLarge, 64 * kMiB);
  EXPECT_TRUE(isData(first, kLarge));
  EXPECT_TRUE(isData(aligned, kLarge));
  arena_->freeData(first, kLarge, 1);
  EXPECT_FALSE(shownFrom(first));
  EXPECT_TRUE(isData(aligned, kLarge));
  arena_->freeData(aligned, kLarge, 64 * kMiB);
  EXPECT_FALSE(shownFrom(aligned));
}

// Somebody may have looked it up just before, and be reading.
TEST_F(ArenaSegments, WhatWasShownStaysReadableAndReadsAsZero) {
  std::byte* const large = data(*arena_, kLarge);
  memset(large, 0xee, kLarge);
  arena_->freeData(large, kLarge, 1);
  EXPECT_EQ(residentPages(large, kLarge), 0u);
  EXPECT_TRUE(isFilledWith(large, kLarge, 0));
}

TEST_F(ArenaSegments, AddressesOfFreedBlocksAreUsedAgain) {
  std::byte* const larger = data(*arena_, 2 * kLarge);
  std::byte* const smaller = data(*arena_, kLarge);
  memset(smaller, 0xee, kLarge);
  const size_t before = shownSegments();
  arena_->freeData(larger, 2 * kLarge, 1);
  arena_->freeData(smaller, kLarge, 1);
  EXPECT_EQ(data(*arena_, kLarge), smaller); // the best fit
  EXPECT_TRUE(isFilledWith(smaller, kLarge, 0));
  EXPECT_EQ(data(*arena_, kLarge + kMiB), larger);
  EXPECT_TRUE(isData(larger, kLarge + kMiB));
  EXPECT_FALSE(isData(larger, kLarge + kMiB + 1));
  EXPECT_EQ(shownSegments(), before);
}

TEST_F(ArenaSegments, MoreBlocksThanHeadersWorkUnseen) {
  std::vector<std::byte*> blocks(headers_.size() + 2);
  std::generate(blocks.begin(), blocks.end(), [this] { return data(*arena_, kLarge); });
  const auto isShown = [this](const std::byte* block) { return isData(block, kLarge); };
  EXPECT_EQ(std::count_if(blocks.begin(), blocks.end(), isShown), 4); // two are those of near memory
  for (std::byte* block : blocks) {
    block[kLarge - 1] = std::byte(1);
    arena_->freeData(block, kLarge, 1);
  }
}

TEST_F(ArenaSegments, AnotherImageTakesOver) {
  std::byte* const near = data(*arena_, 1);
  std::byte* const large = data(*arena_, kLarge);
  std::byte* const freed = data(*arena_, kLarge);
  arena_->freeData(freed, kLarge, 1);
  const auto own = headers_;
  std::array<ProgramHeader, 6> others{}, late{};
  ASSERT_EQ(arena_->headersForOtherImage(), others.size());
  arena_->showByOtherImage(others, 64);
  EXPECT_EQ(arena_->headersForOtherImage(), 0u);
  EXPECT_EQ(shownSegments(), 0u);
  for (size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(others[i].type, own[i].type);
    EXPECT_EQ(others[i].memorySize, own[i].memorySize);
    EXPECT_TRUE(own[i].type == PT_NULL || others[i].address + 64 == own[i].address);
  }
  arena_->showByOtherImage(late, 0); // it stays with the first
  EXPECT_EQ(late[0].type, uint32_t(PT_NULL));

  std::byte* const again = data(*arena_, kLarge);
  EXPECT_EQ(again, freed);
  std::byte* const more = data(*arena_, kLarge);
  data(*arena_, 3 * kMiB);
  EXPECT_EQ(shownSegments(), 0u);

  arena_->leaveOtherImage(late);
  EXPECT_EQ(shownSegments(), 0u);
  arena_->leaveOtherImage(others);
  for (const ProgramHeader& other : others)
    EXPECT_EQ(other.type, uint32_t(PT_NULL));
  EXPECT_TRUE(isData(near, 3 * kMiB));
  EXPECT_TRUE(isData(large, kLarge));
  EXPECT_TRUE(isData(again, kLarge));
  EXPECT_TRUE(isData(more, kLarge));

  arena_->showByOtherImage(late, 0);
  EXPECT_EQ(shownSegments(), 0u);
  EXPECT_EQ(late[0].type, uint32_t(PT_LOAD));
  arena_->leaveOtherImage(late);
}

TEST_F(ArenaSegments, NothingWhenTheArenaIsGone) {
  data(*arena_, kLarge);
  data(*arena_, 1);
  EXPECT_EQ(shownSegments(), 3u);
  arena_.reset();
  EXPECT_EQ(shownSegments(), 0u);
}

TEST_F(ArenaSegments, AForkedChildHasItsOwn) {
  std::byte* const both = data(*arena_, 1);
  EXPECT_EQ(statusOfChild([&] {
              std::byte* const childs = data(*arena_, kLarge);
              return isData(both, 1) && isData(childs, kLarge) ? 0 : 1;
            }),
            0);
  EXPECT_EQ(shownSegments(), 2u);
}

TEST(ArenaReservation, ArenasWithoutHeadersShowNothing) {
  const auto arena = makeArena();
  std::byte* const block = data(*arena, kLarge);
  arena->freeData(block, kLarge, 1);
  EXPECT_EQ(protectionOf(block), "unmapped");
}

} // namespace
} // namespace tiercel
