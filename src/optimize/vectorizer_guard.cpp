// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "optimize/vectorizer_guard.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

namespace tiercel {

void guardVectorizer(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration())
      continue;
    llvm::SmallVector<const llvm::BasicBlock*, 4> allocating;
    for (const llvm::BasicBlock& block : function) {
      // The entry block is in no loop.
      if (!block.isEntryBlock() &&
          llvm::any_of(block, [](const llvm::Instruction& i) { return llvm::isa<llvm::AllocaInst>(i); }))
        allocating.push_back(&block);
    }
    if (allocating.empty())
      continue;
    const llvm::DominatorTree dominators(function);
    const llvm::LoopInfo loops(dominators);
    for (const llvm::BasicBlock* block : allocating) {
      // Outer loops too: an inner one may be unrolled away.
      for (llvm::Loop* loop = loops.getLoopFor(block); loop; loop = loop->getParentLoop())
        llvm::addStringMetadataToLoop(loop, "llvm.loop.vectorize.enable", 0);
    }
  }
}

} // namespace tiercel
