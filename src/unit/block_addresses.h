// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of basic blocks (computed goto). A block address belongs to one compiled version of its function:
// an indirectbr may only go to blocks of its own version. Constant tables of block addresses are therefore
// copied into each unit. That is right as long as addresses only ever flow from the table into an indirectbr
// of the same activation; a program that stores them elsewhere (direct-threaded code in the heap) could meet
// them again in another version. Such functions keep one version.
// Thread rule: pure functions over the IR of the caller's context.
#pragma once

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"

namespace tiercel {

bool hasAddressTakenBlocks(const llvm::Function& function);

struct BlockAddressUse {
  llvm::SmallVector<llvm::GlobalVariable*, 2> tables; ///< globals whose initialisers hold addresses of blocks
  bool escapes = false;
  /// Locals that may hold an address of a block.
  llvm::SmallPtrSet<const llvm::AllocaInst*, 2> variables;
  /// Locals that may hold one of a table, or something computed from an address of a block.
  llvm::SmallPtrSet<const llvm::AllocaInst*, 2> otherVariables;
};

/// Where the addresses of `function`'s blocks go.
BlockAddressUse findBlockAddressUse(llvm::Function& function);

} // namespace tiercel
