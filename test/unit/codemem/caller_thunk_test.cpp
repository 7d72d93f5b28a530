// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/caller_thunk.h"
#include "codemem/emitter.h"
#include "unit/support/arenas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace tiercel {
namespace {

/// Returns `al`, which a caller of a function with variable arguments has set, and the number of the target.
CodeBlock makeTarget(Arena& arena, uint8_t number) {
  CodeBlock block = *arena.allocateCode(16, 16);
  Emitter emit(block);
  emit.bytes({0xb4, number, 0x0f, 0xb7, 0xc0, 0xc3}); // mov $number, %ah ; movzwl %ax, %eax ; ret
  return block;
}

/// Calls its argument, with 5 in `al`.
CodeBlock makeCaller(Arena& arena) {
  CodeBlock block = *arena.allocateCode(16, 16);
  Emitter emit(block);
  emit.bytes({0x48, 0x83, 0xec, 0x08});       // sub $8, %rsp
  emit.bytes({0xb0, 0x05, 0xff, 0xd7});       // mov $5, %al ; call *%rdi
  emit.bytes({0x48, 0x83, 0xc4, 0x08, 0xc3}); // add $8, %rsp ; ret
  return block;
}

class CallerThunk : public testing::TestWithParam<unsigned> {};

TEST_P(CallerThunk, LeadsEveryCallerToItsTarget) {
  Result<std::unique_ptr<Arena>> made = Arena::create();
  ASSERT_TRUE(made);
  const std::unique_ptr<Arena> arena = std::move(*made);
  CodeMap map(*arena);
  std::vector<CodeBlock> callers, targets;
  for (unsigned i = 0; i < 2 * GetParam() + 1; ++i)
    callers.push_back(makeCaller(*arena));
  std::sort(callers.begin(), callers.end(),
            [](const CodeBlock& a, const CodeBlock& b) { return a.exec < b.exec; });
  std::vector<CallerRoute> routes;
  for (unsigned i = 0; i < GetParam(); ++i) { // every other one, so that there are some on both sides
    targets.push_back(makeTarget(*arena, static_cast<uint8_t>(i + 1)));
    const CodeBlock& caller = callers[2 * i + 1];
    routes.push_back({caller.exec, caller.exec + caller.size, targets.back().exec});
  }
  const CodeBlock otherwise = makeTarget(*arena, 0);
  Result<CodeBlock> thunk = makeCallerThunk(*arena, map, routes, otherwise.exec);
  ASSERT_TRUE(thunk);
  for (unsigned i = 0; i < callers.size(); ++i) {
    const auto call = reinterpret_cast<unsigned (*)(void*)>(callers[i].exec);
    EXPECT_EQ(call(thunk->exec), (i % 2 == 1 ? (i / 2 + 1) << 8 : 0) | 5) << "caller " << i;
  }
  const std::optional<CodeRange> range = map.lookup(thunk->exec);
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->fde) << "nothing unwinds through it";
}

INSTANTIATE_TEST_SUITE_P(Routes, CallerThunk, testing::Values(0, 1, 2, 3, 4, 7, 100));

} // namespace
} // namespace tiercel
