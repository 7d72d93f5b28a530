// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/chunked_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace tiercel {
namespace {

TEST(ChunkedTable, ElementsNeverMove) {
  ChunkedTable<int, 2, 8> table;
  std::vector<int*> addresses;
  addresses.reserve(32);
  for (int i = 0; i < 32; ++i)
    addresses.push_back(table.append(i));
  ASSERT_EQ(table.size(), 32u);
  for (int i = 0; i < 32; ++i) {
    EXPECT_EQ(&table[static_cast<size_t>(i)], addresses[static_cast<size_t>(i)]);
    EXPECT_EQ(table[static_cast<size_t>(i)], i);
  }
}

TEST(ChunkedTable, FullIsNull) {
  ChunkedTable<int, 1, 2> table;
  for (int i = 0; i < 4; ++i)
    ASSERT_NE(table.append(i), nullptr);
  EXPECT_EQ(table.append(4), nullptr);
  EXPECT_EQ(table.size(), 4u);
}

TEST(ChunkedTable, DestroysWhatItMadeAndNothingElse) {
  const auto shared = std::make_shared<int>(1);
  {
    ChunkedTable<std::shared_ptr<int>, 2, 8> table;
    for (int i = 0; i < 5; ++i) // the last chunk is partly filled
      table.append(shared);
    EXPECT_EQ(shared.use_count(), 6);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(ChunkedTable, ReadersSeeWholeElementsWhileItGrows) {
  struct Pair {
    explicit Pair(size_t n) : value(n), complement(~n) {}
    size_t value, complement;
  };
  ChunkedTable<Pair, 4, 1024> table;
  constexpr size_t kCount = 16384;
  std::atomic<size_t> torn{0};
  std::thread reader([&] {
    for (size_t size = 0; size < kCount;) {
      size = table.size();
      for (size_t i = size < 8 ? 0 : size - 8; i < size; ++i)
        torn += table[i].value != i || table[i].complement != ~i;
    }
  });
  for (size_t i = 0; i < kCount; ++i)
    table.append(i);
  reader.join();
  EXPECT_EQ(torn, 0u);
}

} // namespace
} // namespace tiercel
