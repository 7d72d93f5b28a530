// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/instrument.h"

#include "unit/link_name.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"

namespace tiercel {

namespace {

class Instrumenter {
public:
  explicit Instrumenter(Unit& unit)
      : unit_(unit), function_(*unit.function), context_(function_.getContext()),
        i32_(llvm::Type::getInt32Ty(context_)) {
    llvm::Module& module = *unit.module;
    counters_ = new llvm::GlobalVariable(module, llvm::ArrayType::get(i32_, 2), false,
                                         llvm::GlobalValue::ExternalLinkage, nullptr,
                                         makeLinkName("", LinkKind::Counters, unit.id.value));
    counters_->setAlignment(llvm::Align(4));
    counters_->setDSOLocal(true);
    auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context_), {i32_}, false);
    trip_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage,
                                   makeLinkName("", LinkKind::Trip, 0), &module);
    trip_->setDSOLocal(true);
  }

  void run(CountLoops loops) {
    llvm::SmallVector<std::pair<const llvm::BasicBlock*, const llvm::BasicBlock*>, 16> backEdges;
    llvm::FindFunctionBackedges(function_, backEdges);
    llvm::SmallPtrSet<llvm::BasicBlock*, 16> headers;
    for (auto [from, to] : backEdges)
      headers.insert(const_cast<llvm::BasicBlock*>(to));
    countAt(entryPoint(), TripKind::Calls);
    if (loops == CountLoops::No)
      return;
    for (llvm::BasicBlock* header : headers) {
      auto place = header->getFirstInsertionPt();
      if (place != header->end())
        countAt(&*place, TripKind::Loops);
    }
  }

private:
  /// Behind the allocas, which count as fixed stack slots only in the entry block, and behind the stores that
  /// put arguments into local variables: arguments that live into another block would be spilled first.
  llvm::Instruction* entryPoint() {
    llvm::BasicBlock& entry = function_.getEntryBlock();
    llvm::Instruction* first = &*entry.getFirstNonPHIOrDbgOrAlloca();
    for (llvm::Instruction& instruction :
         llvm::make_early_inc_range(llvm::make_range(first->getIterator(), entry.end()))) {
      auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      if (alloca && alloca->isStaticAlloca())
        alloca->moveBefore(first->getIterator());
    }
    while (storesArgument(*first))
      first = first->getNextNode();
    return first;
  }

  static bool storesArgument(const llvm::Instruction& instruction) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    return store && llvm::isa<llvm::Argument>(store->getValueOperand()) &&
           llvm::isa<llvm::AllocaInst>(store->getPointerOperand());
  }

  void countAt(llvm::Instruction* place, TripKind kind) {
    llvm::BasicBlock* before = place->getParent();
    llvm::BasicBlock* after = before->splitBasicBlock(place->getIterator());
    // Both at the end of the function: once the counter is saturated, the path through is a load, a
    // comparison and a branch that is not taken.
    llvm::BasicBlock* count = llvm::BasicBlock::Create(context_, "", &function_);
    llvm::BasicBlock* tripped = llvm::BasicBlock::Create(context_, "", &function_);
    before->getTerminator()->eraseFromParent();

    llvm::IRBuilder<> builder(before);
    llvm::Value* counter = builder.CreateConstInBoundsGEP2_32(counters_->getValueType(), counters_, 0,
                                                              static_cast<unsigned>(kind));
    llvm::Value* value = builder.CreateLoad(i32_, counter);
    builder.CreateCondBr(builder.CreateIsNotNull(value), count, after);

    builder.SetInsertPoint(count);
    // Loaded again: a value that lives into another block would be spilled on the way, every time.
    llvm::Value* again = builder.CreateLoad(i32_, counter);
    // Another thread may have reached zero meanwhile: stay there.
    llvm::Value* less = builder.CreateSub(again, builder.CreateZExt(builder.CreateIsNotNull(again), i32_));
    builder.CreateStore(less, counter);
    builder.CreateCondBr(builder.CreateIsNull(less), tripped, after);

    builder.SetInsertPoint(tripped);
    builder.CreateCall(trip_, builder.getInt32(unit_.id.value << 2 | static_cast<uint32_t>(kind)));
    builder.CreateBr(after);
  }

  Unit& unit_;
  llvm::Function& function_;
  llvm::LLVMContext& context_;
  llvm::Type* i32_;
  llvm::GlobalVariable* counters_;
  llvm::Function* trip_;
};

} // namespace

void instrumentUnit(Unit& unit, CountLoops loops) { Instrumenter(unit).run(loops); }

} // namespace tiercel
