// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of a running activation at its loop headers, in a form that tier-0 code and a continuation agree
// on (DESIGN decision D6): everything that is live at any loop header is put into static stack slots. -O0
// code from front ends is almost there already; values of optimised input are stored behind their definition,
// which is what tier 0's register allocator does with values that live across blocks anyway. What means
// something else in other code is translated where it arises: the numbers of exception types, if a header
// may see one.
//
// Both sides start from the same IR and run the same function, so slot i and header j mean the same thing in
// both; `shape` is compared to be sure.
// Thread rule: pure functions over the IR of the caller's context.
#pragma once

#include "base/reasons.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"

#include <cstdint>
#include <optional>

namespace tiercel {

/// Targets of back edges, in depth-first order: the same for the same IR.
llvm::SmallVector<llvm::BasicBlock*, 8> findLoopHeaders(const llvm::Function& function);

/// Moves the static allocas of the entry block to its start. Returns the first instruction behind them.
llvm::Instruction* gatherStaticAllocas(llvm::Function& function);

struct OsrFrame {
  llvm::SmallVector<llvm::BasicBlock*, 8> headers; ///< all of the function's, in findLoopHeaders' order
  llvm::SmallVector<llvm::AllocaInst*, 16> slots;  ///< every static alloca, in the order of the entry block
  /// Slots that may hold addresses of the function's own blocks: those belong to one version, and are
  /// translated on the way to another.
  llvm::SmallVector<unsigned, 2> labelSlots;
  llvm::SmallVector<llvm::BasicBlock*, 8> labels; ///< the blocks whose address is taken
  uint64_t shape = 0;
};

/// Why activations of this function cannot be left at any loop header; nothing if they can. It has loops.
std::optional<Reason> whyNoOsr(llvm::Function& function);
/// Whether the frame can be left at this header of a function that whyNoOsr accepts: not where an exception
/// arrives, nor inside a scope that gives its variable-sized locals back at its end.
bool canLeaveAt(llvm::BasicBlock& header);

/// Rewrites `function` as described above. Precondition: whyNoOsr accepts it. It may still turn out that a
/// pointer to a table of labels is live at a header: then a reason is returned and the function is unchanged
/// in meaning.
struct OsrFrameResult {
  OsrFrame frame;
  std::optional<Reason> refused;
};
OsrFrameResult makeOsrFrame(llvm::Function& function);

} // namespace tiercel
