// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding sizes and addresses; alignments are powers of two. Thread rule: pure functions.
#pragma once

#include <cstddef>

namespace tiercel {

constexpr size_t alignUp(size_t value, size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}
constexpr size_t alignDown(size_t value, size_t alignment) { return value & ~(alignment - 1); }

} // namespace tiercel
