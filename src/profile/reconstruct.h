// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the counts of a plan's sites to those of all blocks and edges.
//
// Counts need not add up: threads lose each other's updates, activations are running when counting stops, and
// calls may leave by exit, longjmp or an exception. What would be negative becomes zero; nothing fails.
// Thread rule: pure functions.
#pragma once

#include "profile/edge_plan.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tiercel {

struct Frequencies {
  std::vector<uint64_t> blocks; ///< in the function's order
  /// By block and successor of its terminator. Parallel successors share evenly what was counted for all.
  std::vector<uint64_t> successors;
  std::vector<uint32_t> firstSuccessor; ///< by block: where its successors begin
  /// No flow had to be made non-negative and none was estimated. Still no proof that the counts are right.
  bool exact = true;

  uint64_t entry() const { return blocks.front(); }
  std::span<const uint64_t> successorsOf(uint32_t block) const {
    const uint32_t begin = firstSuccessor[block];
    const size_t end = block + 1 < firstSuccessor.size() ? firstSuccessor[block + 1] : successors.size();
    return std::span(successors).subspan(begin, end - begin);
  }
};

/// `counts`: one per site of the plan.
Frequencies reconstruct(const EdgePlan& plan, std::span<const uint64_t> counts);

} // namespace tiercel
