// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/support/arenas.h"

#include <sys/resource.h>
#include <thread>
#include <utility>

namespace tiercel {
namespace {

size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    ++count;
  return count;
}

TEST(Arena, CodeIsWrittenInOneViewAndRunInTheOther) {
  const auto arena = makeArena();
  const CodeBlock block = code(*arena, sizeof kReturn42);
  memcpy(block.write, kReturn42, sizeof kReturn42);
  EXPECT_EQ(run(block), 42);
  EXPECT_EQ(protectionOf(block.exec), "r-xs");
  EXPECT_EQ(protectionOf(block.write), "rw-s");
}

TEST(Arena, DataIsZeroedAndNeverExecutable) {
  const auto arena = makeArena();
  const std::byte* block = data(*arena, 10000);
  for (size_t i = 0; i < 10000; ++i)
    ASSERT_EQ(block[i], std::byte(0));
  EXPECT_EQ(protectionOf(block), "rw-p");
}

TEST(Arena, BlocksAreAlignedAndDoNotOverlap) {
  const auto arena = makeArena();
  std::vector<std::pair<std::byte*, size_t>> blocks;
  for (size_t alignment = 1; alignment <= 4096; alignment *= 4) {
    for (size_t size : {1, 5, 4097}) {
      const CodeBlock block = code(*arena, size, alignment);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block.exec) % alignment, 0u);
      EXPECT_EQ(block.size, size);
      blocks.push_back({block.exec, size});
      std::byte* const variable = data(*arena, size, alignment);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(variable) % alignment, 0u);
      blocks.push_back({variable, size});
    }
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t j = 0; j < i; ++j)
      EXPECT_TRUE(blocks[i].first >= blocks[j].first + blocks[j].second ||
                  blocks[j].first >= blocks[i].first + blocks[i].second)
          << i << " and " << j;
  }
}

TEST(Arena, EmptyObjectsHaveAddressesOfTheirOwn) {
  const auto arena = makeArena();
  EXPECT_NE(data(*arena, 0), data(*arena, 0));
}

TEST(Arena, OldBlocksRunWhenASegmentIsFull) {
  const auto arena = makeArena();
  const CodeBlock first = code(*arena, sizeof kReturn42);
  memcpy(first.write, kReturn42, sizeof kReturn42);
  // Segments are smaller than this, so that each block opens one.
  const CodeBlock large = code(*arena, size_t(8) << 20);
  memcpy(large.write + large.size - sizeof kReturn43, kReturn43, sizeof kReturn43);
  const CodeBlock last = code(*arena, sizeof kReturn43);
  memcpy(last.write, kReturn43, sizeof kReturn43);
  EXPECT_EQ(run(first), 42);
  EXPECT_EQ(run(last), 43);
  EXPECT_EQ(run({large.exec + large.size - sizeof kReturn43, nullptr, 0}), 43);
  for (const CodeBlock& block : {first, large, last}) {
    EXPECT_TRUE(arena->isCode(block.exec));
    EXPECT_TRUE(arena->isNear(block.exec));
    EXPECT_FALSE(arena->isCode(block.write));
    EXPECT_FALSE(arena->isNear(block.write));
  }
}

TEST(Arena, FullCodeRangeIsAnErrorAndStaysUsable) {
  const auto arena = makeArena();
  code(*arena, 16);
  const Result<CodeBlock> tooLarge = arena->allocateCode(Arena::kCodeBytes, 16);
  ASSERT_FALSE(tooLarge);
  EXPECT_EQ(tooLarge.error().kind(), ErrorKind::Environment);
  const CodeBlock block = code(*arena, sizeof kReturn42);
  memcpy(block.write, kReturn42, sizeof kReturn42);
  EXPECT_EQ(run(block), 42);
}

TEST(Arena, LargeDataLivesOutside) {
  const auto arena = makeArena();
  EXPECT_TRUE(arena->isNear(data(*arena, Arena::kLargestNearData)));
  std::byte* const large = data(*arena, Arena::kLargestNearData + 1, 64);
  EXPECT_FALSE(arena->isNear(large));
  large[0] = large[Arena::kLargestNearData] = std::byte(1); // all of it is there
  EXPECT_EQ(arena->dataBytesUsed(), 2 * Arena::kLargestNearData + 1);
}

TEST(Arena, DataAlignedBeyondAPageLivesOutside) {
  const auto arena = makeArena();
  constexpr size_t kAlignment = size_t(1) << 21;
  std::byte* const block = data(*arena, 5000, kAlignment);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kAlignment, 0u);
  block[0] = block[4999] = std::byte(1);
}

TEST(Arena, DataOverflowsOutsideWhenTheNearRangeIsFull) {
  const auto arena = makeArena();
  for (size_t used = 0; used < Arena::kDataBytes; used += Arena::kLargestNearData)
    ASSERT_TRUE(arena->isNear(data(*arena, Arena::kLargestNearData)));
  std::byte* const next = data(*arena, 8, 8);
  EXPECT_FALSE(arena->isNear(next));
  *next = std::byte(1);
}

TEST(Arena, ImpossibleSizesAreErrors) {
  const auto arena = makeArena();
  for (size_t size : {~size_t(0), ~size_t(0) / 2}) {
    const Result<std::byte*> block = arena->allocateData(size, 1);
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error().kind(), ErrorKind::Environment);
  }
}

TEST(Arena, NothingIsLeftMapped) {
  makeArena(); // whatever the C library maps on first use
  const size_t before = mappings();
  for (int i = 0; i < 20; ++i) {
    const auto arena = makeArena();
    code(*arena, 16);
    code(*arena, size_t(8) << 20);
    data(*arena, Arena::kLargestNearData + 1);
  }
  EXPECT_LE(mappings(), before + 2);
}

/// In a forked child, whose limits are its own.
int codeWithoutFiles() {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_NOFILE, &none) != 0 || setrlimit(RLIMIT_FSIZE, &none) != 0)
    return 2;
  Result<std::unique_ptr<Arena>> arena = Arena::create();
  Result<CodeBlock> block = arena ? (*arena)->allocateCode(sizeof kReturn42, 16) : arena.takeError();
  if (!block)
    return 3;
  memcpy(block->write, kReturn42, sizeof kReturn42);
  return run(*block);
}

TEST(Arena, CodeNeedsNoFiles) { EXPECT_EQ(statusOfChild(codeWithoutFiles), 42); }

TEST(Arena, ThreadsGetDistinctBlocks) {
  const auto arena = makeArena();
  constexpr size_t kThreads = 4, kEach = 2000;
  std::vector<std::vector<CodeBlock>> blocks(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kEach; ++i) {
        Result<CodeBlock> block = arena->allocateCode(sizeof(size_t), sizeof(size_t));
        if (!block)
          return;
        const size_t mark = t * kEach + i;
        memcpy(block->write, &mark, sizeof mark);
        blocks[t].push_back(*block);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  for (size_t t = 0; t < kThreads; ++t) {
    ASSERT_EQ(blocks[t].size(), kEach);
    for (size_t i = 0; i < kEach; ++i) {
      size_t mark = 0;
      memcpy(&mark, blocks[t][i].exec, sizeof mark);
      ASSERT_EQ(mark, t * kEach + i);
    }
  }
}

} // namespace
} // namespace tiercel
