// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

constexpr uint8_t kReturn42[] = {0xb8, 42, 0, 0, 0, 0xc3}; // mov $42, %eax ; ret
constexpr uint8_t kReturn43[] = {0xb8, 43, 0, 0, 0, 0xc3};

std::unique_ptr<Arena> makeArena() {
  Result<std::unique_ptr<Arena>> arena = Arena::create();
  EXPECT_TRUE(arena) << arena.error().message();
  return std::move(*arena);
}

CodeBlock code(Arena& arena, size_t size, size_t alignment = 16) {
  Result<CodeBlock> block = arena.allocateCode(size, alignment);
  EXPECT_TRUE(block) << block.error().message();
  return *block;
}

std::byte* data(Arena& arena, size_t size, size_t alignment = 1) {
  Result<std::byte*> block = arena.allocateData(size, alignment);
  EXPECT_TRUE(block) << block.error().message();
  return *block;
}

int run(const CodeBlock& block) { return reinterpret_cast<int (*)()>(block.exec)(); }

/// "r-xs" and so on, of the mapping that `address` lies in.
std::string protectionOf(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string protection;
    fields >> std::hex >> begin >> dash >> end >> protection;
    if (reinterpret_cast<uintptr_t>(address) >= begin && reinterpret_cast<uintptr_t>(address) < end)
      return protection;
  }
  return "unmapped";
}

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

TEST(Arena, CodeNeedsNoFiles) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0)
    _exit(codeWithoutFiles());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

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

/// In a forked child: what it writes must reach neither the parent nor code that the parent adds later.
[[noreturn]] void childWrites(Arena& arena, const CodeBlock& shared) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  arena.forkMutex().lock();
  arena.abandonOpenSegment();
  arena.forkMutex().unlock();
  Result<CodeBlock> own = arena.allocateCode(sizeof kReturn43, 16);
  if (!own)
    _exit(2);
  memcpy(own->write, kReturn43, sizeof kReturn43);
  _exit(run(*own) == 43 && run(shared) == 42 ? 0 : 1);
}

TEST(Arena, AForkedChildWritesElsewhere) {
  const auto arena = makeArena();
  const CodeBlock shared = code(*arena, sizeof kReturn42);
  memcpy(shared.write, kReturn42, sizeof kReturn42);

  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0)
    childWrites(*arena, shared);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;

  // The parent's next block is where the child would have written, had it gone on in the same segment.
  const CodeBlock next = code(*arena, sizeof kReturn42);
  for (size_t i = 0; i < next.size; ++i)
    ASSERT_EQ(next.exec[i], std::byte(0)) << "the child wrote into the parent's memory";
}

} // namespace
} // namespace tiercel
