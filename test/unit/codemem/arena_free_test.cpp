// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory that is freed: used again, given back, counted.
#include "unit/support/arenas.h"

#include <algorithm>
#include <map>
#include <random>

namespace tiercel {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMiB = size_t(1) << 20;

TEST(ArenaFree, CodeSpaceIsUsedAgainAndRunsTheNewCode) {
  const auto arena = makeArena();
  const CodeBlock first = codeWith(*arena, kReturn42);
  const CodeBlock behind = codeWith(*arena, kReturn42);
  EXPECT_EQ(run(first), 42);
  arena->freeCode(first);
  EXPECT_TRUE(isFilledWith(first.exec, first.size, 0xcc));
  const CodeBlock second = codeWith(*arena, kReturn43);
  EXPECT_EQ(second.exec, first.exec);
  EXPECT_EQ(run(second), 43);
  EXPECT_EQ(run(behind), 42);
}

TEST(ArenaFree, NeighboursAreJoined) {
  const auto arena = makeArena();
  const CodeBlock one = code(*arena, 64), two = code(*arena, 64), three = code(*arena, 64);
  code(*arena, 16); // keeps them apart from the rest
  arena->freeCode(one);
  arena->freeCode(three);
  EXPECT_NE(code(*arena, 192).exec, one.exec);
  arena->freeCode(two);
  EXPECT_EQ(code(*arena, 192).exec, one.exec);
}

TEST(ArenaFree, ReusedDataIsZero) {
  const auto arena = makeArena();
  for (size_t size : {size_t(3), size_t(5000), size_t(1) << 20, Arena::kLargestNearData}) {
    std::byte* const first = data(*arena, size, 16);
    memset(first, 0xff, size);
    arena->freeData(first, size, 16);
    std::byte* const second = data(*arena, size, 16);
    EXPECT_EQ(second, first);
    EXPECT_TRUE(isFilledWith(second, size, 0)) << size;
    arena->freeData(second, size, 16);
  }
}

TEST(ArenaFree, LargeDataIsUnmapped) {
  const auto arena = makeArena();
  constexpr size_t kSize = Arena::kLargestNearData + 1;
  std::byte* const large = data(*arena, kSize, 64);
  EXPECT_EQ(protectionOf(large), "rw-p");
  EXPECT_EQ(arena->dataBytesUsed(), kSize);
  arena->freeData(large, kSize, 64);
  EXPECT_EQ(arena->dataBytesUsed(), 0u);
  EXPECT_NE(protectionOf(large), "rw-p");
}

TEST(ArenaFree, DataInUseGoesDown) {
  const auto arena = makeArena();
  std::byte* const small = data(*arena, 5);
  std::byte* const other = data(*arena, 100, 32);
  EXPECT_EQ(arena->dataBytesUsed(), 105u);
  arena->freeData(small, 5, 1);
  EXPECT_EQ(arena->dataBytesUsed(), 100u);
  arena->freeData(other, 100, 32);
  EXPECT_EQ(arena->dataBytesUsed(), 0u);
  EXPECT_EQ(arena->dataUsage().used, 0u);
}

/// Code and data, and code that is mapped once.
class ArenaGivesBack : public testing::TestWithParam<bool> {};

TEST_P(ArenaGivesBack, CodePages) {
  ArenaOptions options;
  options.singleMapping = GetParam();
  const auto arena = makeArena(options);
  const CodeBlock before = codeWith(*arena, kReturn42);
  const CodeBlock large = code(*arena, kMiB, kPage);
  const CodeBlock after = codeWith(*arena, kReturn43);
  memset(large.write, 0x90, large.size);
  EXPECT_EQ(residentPages(large.write, large.size), kMiB / kPage);
  arena->freeCode(large);
  EXPECT_EQ(residentPages(large.write, large.size), 0u);
  EXPECT_EQ(run(before), 42);
  EXPECT_EQ(run(after), 43);
}

TEST_P(ArenaGivesBack, ManySmallBlocks) {
  ArenaOptions options;
  options.singleMapping = GetParam();
  const auto arena = makeArena(options);
  constexpr size_t kSize = 256;
  std::vector<CodeBlock> blocks;
  code(*arena, kPage, kPage);
  for (size_t i = 0; i < kMiB / kSize; ++i) {
    blocks.push_back(code(*arena, kSize));
    memset(blocks.back().write, 0x90, kSize);
  }
  std::byte* const begin = blocks.front().write;
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937(1));
  for (const CodeBlock& block : blocks)
    arena->freeCode(block);
  // Less than what is worth a system call may stay.
  EXPECT_LE(residentPages(begin, kMiB), (size_t(64) << 10) / kPage);
}

INSTANTIATE_TEST_SUITE_P(Mappings, ArenaGivesBack, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Single" : "Dual"; });

TEST(ArenaFree, DataPagesAreGivenBack) {
  const auto arena = makeArena();
  data(*arena, kPage, kPage);
  std::byte* const large = data(*arena, kMiB, kPage);
  std::byte* const after = data(*arena, 8, 8);
  *after = std::byte(1);
  memset(large, 1, kMiB);
  EXPECT_EQ(residentPages(large, kMiB), kMiB / kPage);
  arena->freeData(large, kMiB, kPage);
  EXPECT_EQ(residentPages(large, kMiB), 0u);
  EXPECT_EQ(*after, std::byte(1));
}

TEST(ArenaFree, AFewPagesAreKept) {
  const auto arena = makeArena();
  code(*arena, kPage, kPage);
  const CodeBlock small = code(*arena, 8 * kPage, kPage);
  code(*arena, 16);
  memset(small.write, 0x90, small.size);
  arena->freeCode(small);
  EXPECT_EQ(residentPages(small.write, small.size), 8u);
  EXPECT_TRUE(isFilledWith(small.exec, small.size, 0xcc));
}

TEST(ArenaFree, FiguresOfCode) {
  const auto arena = makeArena();
  MemoryUsage usage = arena->codeUsage();
  EXPECT_EQ(usage.reserved, Arena::kCodeBytes);
  EXPECT_EQ(usage.used, 0u);
  EXPECT_EQ(usage.free, usage.committed);
  EXPECT_EQ(usage.fragmentation(), 0.0);

  std::vector<CodeBlock> blocks;
  for (int i = 0; i < 4; ++i)
    blocks.push_back(code(*arena, 100)); // 112 of the code range
  const size_t rest = usage.committed - 4 * 112;
  arena->freeCode(blocks[1]);
  usage = arena->codeUsage();
  EXPECT_EQ(usage.used, 3u * 112);
  EXPECT_EQ(usage.free, rest + 112);
  EXPECT_EQ(usage.largestFree, rest);
  EXPECT_EQ(usage.lost, 0u);
  EXPECT_DOUBLE_EQ(usage.fragmentation(), 1 - static_cast<double>(rest) / static_cast<double>(rest + 112));
}

TEST(ArenaFree, FiguresOfData) {
  const auto arena = makeArena();
  std::byte* const one = data(*arena, 1000, 8);
  std::byte* const two = data(*arena, 500, 8);
  std::byte* const three = data(*arena, 200, 8);
  data(*arena, 8, 8);
  arena->freeData(one, 1000, 8);
  arena->freeData(three, 200, 8);
  MemoryUsage usage = arena->dataUsage();
  EXPECT_EQ(usage.reserved, Arena::kDataBytes);
  EXPECT_EQ(usage.committed, 1712u); // 500 take up 504
  EXPECT_EQ(usage.used, 512u);
  EXPECT_EQ(usage.free, 1200u);
  EXPECT_EQ(usage.largestFree, 1000u);
  arena->freeData(two, 500, 8);
  usage = arena->dataUsage();
  EXPECT_EQ(usage.largestFree, 1704u);
  EXPECT_EQ(usage.fragmentation(), 0.0);
}

TEST(ArenaFree, CodeAtAChosenAddress) {
  const auto arena = makeArena();
  std::byte* const far = arena->codeBase() + (size_t(300) << 20);
  Result<CodeBlock> block = arena->allocateCodeAt(far, sizeof kReturn42);
  ASSERT_TRUE(block) << block.error().message();
  EXPECT_EQ(block->exec, far);
  memcpy(block->write, kReturn42, sizeof kReturn42);
  EXPECT_EQ(run(*block), 42);

  for (std::byte* taken : {far, far - 16}) {
    const Result<CodeBlock> refused = arena->allocateCodeAt(taken, 32);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "code memory: the address asked for is taken");
  }
  const CodeBlock other = codeWith(*arena, kReturn43); // elsewhere
  arena->freeCode(*block);
  EXPECT_TRUE(arena->allocateCodeAt(far - 16, 32));
  EXPECT_EQ(run(other), 43);
}

TEST(ArenaFree, NoCodeAtImpossibleAddresses) {
  const auto arena = makeArena();
  const std::byte* const end = arena->codeBase() + Arena::kCodeBytes;
  int local = 0;
  for (const void* address : {static_cast<const void*>(end), static_cast<const void*>(end - 16),
                              static_cast<const void*>(&local), static_cast<const void*>(nullptr)}) {
    auto* const at = static_cast<std::byte*>(const_cast<void*>(address));
    const Result<CodeBlock> refused = arena->allocateCodeAt(at, 32);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().why().find("outside the reserved range"), std::string::npos);
  }
  const Result<CodeBlock> crooked = arena->allocateCodeAt(arena->codeBase() + 8, 32);
  ASSERT_FALSE(crooked);
  EXPECT_EQ(crooked.error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(arena->codeUsage().used, 0u);
}

/// Everything at random, against a list of what is there. Every block holds a pattern of its own to the end.
class ArenaByChance : public testing::TestWithParam<bool> {
protected:
  struct Piece {
    CodeBlock code; ///< no write view: data
    size_t alignment;
    uint8_t mark;
  };

  void fill(const Piece& piece) const { memset(piece.code.write, piece.mark, piece.code.size); }
  void enter(Piece piece) {
    const auto address = reinterpret_cast<uintptr_t>(piece.code.exec);
    ASSERT_EQ(address % piece.alignment, 0u);
    const auto next = pieces_.lower_bound(piece.code.exec);
    if (next != pieces_.end())
      ASSERT_LE(piece.code.exec + piece.code.size, next->first);
    if (next != pieces_.begin())
      ASSERT_LE(std::prev(next)->first + std::prev(next)->second.code.size, piece.code.exec);
    fill(piece);
    pieces_.emplace(piece.code.exec, piece);
  }

  std::map<std::byte*, Piece> pieces_;
};

TEST_P(ArenaByChance, BlocksStayApartAndKeepTheirContents) {
  ArenaOptions options;
  options.singleMapping = GetParam();
  options.codeLimit = size_t(3) << 20;
  const auto arena = makeArena(options);
  std::mt19937 random(7);
  size_t codeUsed = 0, dataUsed = 0, refused = 0;
  const auto sizeByChance = [&] { return 1 + random() % (random() % 50 == 0 ? 300000 : 3000); };
  for (int i = 0; i < 30000; ++i) {
    const size_t kind = random() % 8;
    const auto mark = static_cast<uint8_t>(1 + random() % 0xcb);
    if (kind < 2) {
      const size_t size = sizeByChance(), alignment = size_t(16) << random() % 5;
      const Result<CodeBlock> block = arena->allocateCode(size, alignment);
      const size_t space = (size + 15) / 16 * 16;
      ASSERT_EQ(static_cast<bool>(block), codeUsed + space <= options.codeLimit);
      refused += !block;
      if (!block)
        continue;
      codeUsed += space;
      ASSERT_NO_FATAL_FAILURE(enter({*block, alignment, mark}));
    } else if (kind == 2) {
      std::byte* const at = arena->codeBase() + random() % (size_t(4) << 16) * 16;
      const Result<CodeBlock> block = arena->allocateCodeAt(at, 16);
      if (!block)
        continue;
      ASSERT_EQ(block->exec, at);
      codeUsed += 16;
      ASSERT_NO_FATAL_FAILURE(enter({*block, 16, mark}));
    } else if (kind < 5) {
      const size_t size = sizeByChance(), alignment = size_t(1) << random() % 13;
      std::byte* const block = data(*arena, size, alignment);
      ASSERT_TRUE(isFilledWith(block, size, 0));
      dataUsed += size;
      ASSERT_NO_FATAL_FAILURE(enter({{block, block, size}, alignment, mark}));
    } else if (!pieces_.empty()) {
      auto it = pieces_.lower_bound(arena->codeBase() + (random() % 2 == 0 ? 0 : Arena::kCodeBytes) +
                                    random() % (size_t(4) << 20));
      if (it == pieces_.end())
        it = pieces_.begin();
      const Piece piece = it->second;
      pieces_.erase(it);
      ASSERT_TRUE(isFilledWith(piece.code.exec, piece.code.size, piece.mark));
      if (arena->isCode(piece.code.exec)) {
        arena->freeCode(piece.code);
        codeUsed -= (piece.code.size + 15) / 16 * 16;
      } else {
        arena->freeData(piece.code.exec, piece.code.size, piece.alignment);
        dataUsed -= piece.code.size;
      }
    }
    ASSERT_EQ(arena->dataBytesUsed(), dataUsed);
    const MemoryUsage usage = arena->codeUsage();
    ASSERT_EQ(usage.used, codeUsed);
    ASSERT_EQ(usage.committed, usage.used + usage.free);
    ASSERT_LE(usage.largestFree, usage.free);
  }
  EXPECT_GT(refused, 0u); // the limit was met
  for (const auto& [address, piece] : pieces_) {
    ASSERT_TRUE(isFilledWith(address, piece.code.size, piece.mark));
    if (arena->isCode(address))
      arena->freeCode(piece.code);
    else
      arena->freeData(address, piece.code.size, piece.alignment);
  }
  const MemoryUsage usage = arena->codeUsage();
  EXPECT_EQ(usage.used, 0u);
  EXPECT_EQ(usage.largestFree, usage.committed);
  EXPECT_EQ(arena->dataUsage().committed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Mappings, ArenaByChance, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Single" : "Dual"; });

} // namespace
} // namespace tiercel
