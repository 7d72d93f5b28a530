// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits an entry of a function that goes on in one of several versions of it, depending on the code that the
// call comes from. Calls, jumps through the cell and stubs all arrive with the return address on top of the
// stack, so one thunk serves them all. A tail call brings the return address of its caller's caller.
//
// The thunk changes no register: it keeps one in the red zone below the stack pointer (psABI 3.2.2), which is
// free at the entry of a function. It changes the flags, which no calling convention passes.
//
// Thread rule: free function; may run on any thread.
#pragma once

#include "codemem/arena.h"
#include "codemem/code_map.h"

#include <span>

namespace tiercel {

/// Names where calls go that come from one block of code.
struct CallerRoute {
  const std::byte* begin = nullptr; ///< of the block, and its end: a call may be its last instruction
  const std::byte* end = nullptr;
  const void* target = nullptr;
};

/// Makes a thunk that jumps to the target of the route whose block the return address lies in, else to
/// `otherwise`. The routes are sorted by their blocks, which do not overlap. The block made is entered in
/// `map` and belongs to the caller of this function. Fails when the arena is full.
Result<CodeBlock> makeCallerThunk(Arena& arena, CodeMap& map, std::span<const CallerRoute> routes,
                                  const void* otherwise);

} // namespace tiercel
