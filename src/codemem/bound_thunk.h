// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A C function with its last argument bound: code that sets one argument register to a constant and jumps on.
// Lets the program call runtime functions by their ordinary names and signatures while they learn which
// engine is meant. Thread rule: free function; the code lives as long as the arena.
#pragma once

#include "codemem/arena.h"
#include "codemem/code_map.h"

namespace tiercel {

/// `argument` 0 to 5: which integer argument (psABI 3.2.3: rdi, rsi, rdx, rcx, r8, r9) gets `value`.
Result<void*> makeBoundThunk(Arena& arena, CodeMap& map, const void* target, unsigned argument,
                             const void* value);

} // namespace tiercel
