// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/insert_counters.h"

#include "profile/target_table.h"

#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

#include <cassert>

namespace tiercel {

namespace {

/// Where the edge can be counted.
llvm::Instruction& placeOnEdge(const CounterSite& site) {
  // The plan is made by reading; whoever inserts may write.
  auto& terminator = const_cast<llvm::Instruction&>(*site.terminator);
  llvm::BasicBlock* target = terminator.getSuccessor(site.successor);
  if (terminator.getParent()->getUniqueSuccessor())
    return terminator;
  if (target->getUniquePredecessor())
    return *target->getFirstInsertionPt();
  llvm::BasicBlock* between = llvm::SplitCriticalEdge(
      &terminator, site.successor,
      llvm::CriticalEdgeSplittingOptions().setMergeIdenticalEdges().setKeepOneInputPHIs());
  assert(between && "the plan counts only edges that can be split");
  return *between->getTerminator();
}

/// Right behind the computation of the target, where less else is alive than before the call itself.
llvm::Instruction& placeForTarget(llvm::CallBase& call) {
  llvm::BasicBlock& block = *call.getParent();
  auto* target = llvm::dyn_cast<llvm::Instruction>(call.getCalledOperand());
  if (target && target->getParent() == &block && !llvm::isa<llvm::PHINode>(target))
    return *target->getNextNode();
  return block.isEntryBlock() ? *block.getFirstNonPHIOrDbgOrAlloca() : *block.getFirstInsertionPt();
}

} // namespace

llvm::Instruction* insertGate(llvm::Instruction& place, llvm::Constant& poll) {
  llvm::BasicBlock* before = place.getParent();
  if (before->isEntryBlock()) {
    for (llvm::Instruction& instruction :
         llvm::make_early_inc_range(llvm::make_range(place.getIterator(), before->end()))) {
      auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      if (alloca && alloca->isStaticAlloca() && alloca != &place)
        alloca->moveBefore(place.getIterator());
    }
  }
  llvm::BasicBlock* after = before->splitBasicBlock(place.getIterator());
  llvm::BasicBlock* inner = llvm::BasicBlock::Create(place.getContext(), "", before->getParent());
  before->getTerminator()->eraseFromParent();
  llvm::IRBuilder<> builder(before);
  llvm::Value* open = builder.CreateIsNotNull(builder.CreateLoad(builder.getInt32Ty(), &poll));
  builder.CreateCondBr(open, inner, after);
  return llvm::BranchInst::Create(after, inner);
}

void emitIncrement(llvm::IRBuilderBase& builder, llvm::GlobalVariable& counts, uint32_t index) {
  llvm::Type* type = counts.getValueType()->getArrayElementType();
  llvm::Value* count = builder.CreateConstInBoundsGEP2_32(counts.getValueType(), &counts, 0, index);
  llvm::Value* more = builder.CreateAdd(builder.CreateLoad(type, count), llvm::ConstantInt::get(type, 1));
  builder.CreateStore(more, count);
}

void insertCounters(const EdgePlan& plan, llvm::Constant& poll, llvm::GlobalVariable& counts) {
  for (uint32_t i = 0; i < plan.sites.size(); ++i) {
    const CounterSite& site = plan.sites[i];
    if (site.always)
      continue;
    llvm::Instruction& place = site.kind == CounterSite::Kind::Edge
                                   ? placeOnEdge(site)
                                   : *const_cast<llvm::BasicBlock*>(site.block)->getFirstInsertionPt();
    llvm::IRBuilder<> builder(insertGate(place, poll));
    emitIncrement(builder, counts, i);
  }
}

void insertTargetRecorders(std::span<llvm::CallBase* const> calls, llvm::Constant& poll,
                           llvm::GlobalVariable& tables, llvm::Function& record) {
  for (size_t i = 0; i < calls.size(); ++i) {
    llvm::Value* target = calls[i]->getCalledOperand();
    llvm::IRBuilder<> builder(insertGate(placeForTarget(*calls[i]), poll));
    llvm::Value* table =
        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), &tables, i * sizeof(TargetTable));
    builder.CreateCall(&record, {table, target});
  }
}

} // namespace tiercel
