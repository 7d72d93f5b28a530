// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/code_map.h"
#include "unit/support/interrupted.h"

#include <gtest/gtest.h>

#include <atomic>
#include <malloc.h>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

class CodeMapTest : public testing::Test {
protected:
  void add(size_t begin, size_t end, uint32_t id) {
    map.add({at(begin), at(end), FunctionId(id), 0, "function", nullptr});
  }
  const std::byte* at(size_t offset) const { return arena->codeBase() + offset; }
  /// The id of what covers this offset; -1 for nothing.
  int64_t idAt(size_t offset) const {
    const std::optional<CodeRange> range = map.lookup(at(offset));
    return range ? int64_t(range->function.value) : -1;
  }

  std::unique_ptr<Arena> arena = std::move(*Arena::create());
  CodeMap map{*arena};
};

TEST_F(CodeMapTest, EndsAreExact) {
  add(100, 200, 1);
  add(200, 201, 2);
  EXPECT_EQ(idAt(99), -1);
  EXPECT_EQ(idAt(100), 1);
  EXPECT_EQ(idAt(199), 1);
  EXPECT_EQ(idAt(200), 2);
  EXPECT_EQ(idAt(201), -1);
}

TEST_F(CodeMapTest, RangesAcrossPages) {
  add(4000, 13000, 1);          // four pages
  add(13000, 16384, 2);         // ends with its page
  add(16384, size_t(49152), 3); // begins with its page
  add(Arena::kCodeBytes - 1, Arena::kCodeBytes, 4);
  for (size_t offset : {4000, 4095, 4096, 8192, 12288, 12999})
    EXPECT_EQ(idAt(offset), 1) << offset;
  EXPECT_EQ(idAt(13000), 2);
  EXPECT_EQ(idAt(16383), 2);
  EXPECT_EQ(idAt(16384), 3);
  EXPECT_EQ(idAt(size_t(49152) - 1), 3);
  EXPECT_EQ(idAt(size_t(49152)), -1);
  EXPECT_EQ(idAt(Arena::kCodeBytes - 1), 4);
}

TEST_F(CodeMapTest, OutsideOfTheCodeRangeIsNothing) {
  add(0, 4096, 1);
  EXPECT_FALSE(map.lookup(arena->codeBase() - 1));
  EXPECT_FALSE(map.lookup(arena->codeBase() + Arena::kCodeBytes));
  EXPECT_FALSE(map.lookup(nullptr));
  EXPECT_FALSE(map.lookup(&map));
}

TEST_F(CodeMapTest, KeepsWhatWasSaidAboutTheRange) {
  const int fde = 0;
  map.add({at(0), at(10), FunctionId(7), 2, "seven", &fde});
  add(20, 30, 8);
  const std::optional<CodeRange> range = map.lookup(at(5));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->begin, at(0));
  EXPECT_EQ(range->end, at(10));
  EXPECT_EQ(range->tier, 2);
  EXPECT_EQ(range->name, "seven");
  EXPECT_EQ(range->fde, &fde);
}

TEST_F(CodeMapTest, LookupsWhileOthersAdd) {
  constexpr uint32_t kEach = 3000, kAdders = 2;
  constexpr size_t kStep = 300; // some lie across pages
  std::atomic<uint32_t> added[kAdders] = {};
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(kAdders + 1);
  for (uint32_t a = 0; a < kAdders; ++a) {
    threads.emplace_back([&, a] {
      for (uint32_t i = 0; i < kEach; ++i) {
        const uint32_t id = i * kAdders + a; // interleaved, so that adders meet in the same pages
        add(id * kStep, id * kStep + 200, id);
        added[a].store(i + 1, std::memory_order_release);
      }
    });
  }
  threads.emplace_back([&] {
    for (uint32_t done = 0; done < kAdders * kEach;) {
      done = 0;
      for (uint32_t a = 0; a < kAdders; ++a) {
        const uint32_t count = added[a].load(std::memory_order_acquire);
        done += count;
        for (uint32_t i = count < 4 ? 0 : count - 4; i < count; ++i) {
          const uint32_t id = i * kAdders + a;
          wrong += idAt(id * kStep) != id || idAt(id * kStep + 199) != id || idAt(id * kStep + 200) != -1;
        }
      }
    }
  });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0u);
  for (uint32_t id = 0; id < kAdders * kEach; ++id)
    ASSERT_EQ(idAt(id * kStep + 100), id);
}

TEST_F(CodeMapTest, LookupsWhileOthersRemove) {
  // What stays is found at every moment, whatever comes and goes in the lists that lead to it, and nodes move
  // between the lists of two pages.
  constexpr size_t kPage = 4096;
  for (uint32_t i = 0; i < 4; ++i)
    add(i * 1000, i * 1000 + 100, i);
  std::atomic<bool> begun{false}, stop{false};
  std::atomic<size_t> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      begun = true;
      for (uint32_t i = 0; i < 4; ++i)
        wrong += idAt(i * 1000 + 50) != i;
      for (size_t offset : {size_t(550), kPage + 550}) {
        const int64_t id = idAt(offset);
        wrong += id != -1 && id != int64_t(offset / kPage + 100);
      }
    }
  });
  while (!begun)
    std::this_thread::yield();
  for (int round = 0; round < 200000; ++round) {
    const size_t page = static_cast<size_t>(round) % 2;
    add(page * kPage + 500, page * kPage + 600, static_cast<uint32_t>(page + 100));
    add(page * kPage + 700, page * kPage + 701, 200);
    map.remove(at(page * kPage + 500), at(page * kPage + 701));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // they have other heaps
TEST_F(CodeMapTest, LookupsThatAreNeverFinishedKeepNothing) {
  add(0, 100, 1);
  interrupt(300, [&] { (void)idAt(50); });
  const size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 100000; ++i) {
    add(1000, 1100, 2);
    map.remove(at(1000), at(1100));
  }
  EXPECT_LT(mallinfo2().uordblks, before + (64 << 10));
}
#endif

} // namespace
} // namespace tiercel
