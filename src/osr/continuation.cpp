// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/continuation.h"

#include "unit/inline_assembly.h"
#include "unit/link_name.h"

#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/AttributeMask.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

namespace tiercel {

namespace {

/// Larger slots are not copied even if that were possible.
constexpr uint64_t kLargestCopiedSlot = 256;
/// Locals of large functions have many uses.
constexpr unsigned kMostUsesLookedAt = 1'000'000;
/// Copies of code around inner loops, in instructions; beyond this the header is entered directly.
constexpr size_t kMostCopiedCode = 20'000;

/// Puts values that leave the outermost loop into memory, so that copies of the loop can join there.
void demoteLeaving(const llvm::Loop& loop, llvm::Function& function) {
  const auto place = function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca();
  llvm::SmallVector<llvm::BasicBlock*, 8> exits;
  loop.getUniqueExitBlocks(exits);
  for (llvm::BasicBlock* exit : exits) {
    llvm::SmallVector<llvm::InvokeInst*, 2> invokes;
    for (llvm::PHINode& phi : exit->phis()) {
      for (unsigned i = 0; i < phi.getNumIncomingValues(); ++i) {
        auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(phi.getIncomingValue(i));
        if (invoke && invoke->getParent() == phi.getIncomingBlock(i))
          invokes.push_back(invoke);
      }
    }
    for (llvm::InvokeInst* invoke : invokes) {
      if (!exit->isEHPad() && invoke->getNormalDest() == exit)
        llvm::SplitEdge(invoke->getParent(), exit);
    }
    for (llvm::PHINode& phi : llvm::make_early_inc_range(exit->phis()))
      llvm::DemotePHIToStack(&phi, place);
  }
  llvm::SmallVector<llvm::Instruction*, 16> leaving;
  for (llvm::BasicBlock* block : loop.blocks()) {
    for (llvm::Instruction& instruction : *block) {
      if (llvm::any_of(instruction.users(), [&](const llvm::User* user) {
            return !loop.contains(llvm::cast<llvm::Instruction>(user)->getParent());
          }))
        leaving.push_back(&instruction);
    }
  }
  for (llvm::Instruction* instruction : leaving)
    llvm::DemoteRegToStack(*instruction, /*VolatileLoads=*/false, place);
}

/// The loops of a function and those around one block.
struct LoopChain {
  LoopChain(llvm::Function& function, const llvm::BasicBlock* block)
      : dominators(function), loops(dominators) {
    for (llvm::Loop* loop = loops.getLoopFor(block); loop; loop = loop->getParentLoop())
      chain.insert(chain.begin(), loop);
  }

  llvm::DominatorTree dominators;
  llvm::LoopInfo loops;
  llvm::SmallVector<llvm::Loop*, 4> chain; ///< outermost first
};

bool mayBeCopied(const llvm::BasicBlock& block) {
  return llvm::none_of(block, [](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    return (call && call->cannotDuplicate()) || definesName(instruction);
  });
}

/// Copies the code around the loop of `header` as described in the header file. Returns where to enter.
llvm::BasicBlock* copyEnclosingLoops(llvm::Function& function, llvm::BasicBlock* header) {
  {
    const LoopChain before(function, header);
    // A target of a back edge that heads no natural loop is entered as it is: so do the other ways into it.
    if (before.chain.size() < 2 || before.chain.back()->getHeader() != header)
      return header;
    demoteLeaving(*before.chain.front(), function);
  }
  const LoopChain nest(function, header); // anew: edges may have been split
  const auto& chain = nest.chain;
  const llvm::Loop& outermost = *chain.front();
  size_t size = 0;
  for (llvm::BasicBlock* block : outermost.blocks()) {
    size += block->size();
    if (block->hasAddressTaken() || !mayBeCopied(*block)) // computed gotos know one copy only
      return header;
  }
  if (size * (chain.size() - 1) > kMostCopiedCode)
    return header;

  // What no alias was promised for in one iteration is not promised across two, which copies let meet.
  llvm::SmallVector<llvm::MDNode*, 4> scopes;
  llvm::identifyNoAliasScopesToClone(outermost.getBlocks(), scopes);

  llvm::SmallVector<llvm::BasicBlock*, 4> headers; // of the chain, each in the copy that holds its loop whole
  headers.push_back(outermost.getHeader());
  for (size_t depth = 1; depth < chain.size(); ++depth) {
    llvm::ValueToValueMapTy map;
    for (size_t outer = 0; outer < depth; ++outer)
      map[chain[outer]->getHeader()] = headers[outer];
    llvm::SmallVector<llvm::BasicBlock*, 32> copies;
    for (llvm::BasicBlock* block : outermost.blocks()) {
      if (map.count(block))
        continue;
      llvm::BasicBlock* copy = llvm::CloneBasicBlock(block, map, "", &function);
      map[block] = copy;
      copies.push_back(copy);
    }
    llvm::remapInstructionsInBlocks(copies, map);
    llvm::cloneAndAdaptNoAliasScopes(scopes, copies, function.getContext(), "osr");
    for (llvm::BasicBlock* copy : copies) {
      const llvm::SmallPtrSet<llvm::BasicBlock*, 8> predecessors(llvm::pred_begin(copy),
                                                                 llvm::pred_end(copy));
      for (llvm::PHINode& phi : llvm::make_early_inc_range(copy->phis())) {
        for (unsigned i = phi.getNumIncomingValues(); i-- > 0;) {
          if (!predecessors.contains(phi.getIncomingBlock(i)))
            phi.removeIncomingValue(i, /*DeletePHIIfEmpty=*/false);
        }
      }
    }
    headers.push_back(llvm::cast<llvm::BasicBlock>(map[chain[depth]->getHeader()]));
  }
  return headers.back();
}

/// How the body gets a slot.
enum class Handover {
  Value,   ///< a scalar of its own, loaded by the entry
  Copy,    ///< an aggregate of its own, copied from the old frame
  Private, ///< in the old frame, and nobody else has its address
  Shared   ///< in the old frame
};

Handover handoverOf(const llvm::AllocaInst& slot, uint64_t size) {
  llvm::Type* type = slot.getAllocatedType();
  if (llvm::PointerMayBeCaptured(&slot, /*ReturnCaptures=*/true, kMostUsesLookedAt))
    return Handover::Shared;
  const bool scalar =
      !slot.isArrayAllocation() && ((type->isIntegerTy() && type->getIntegerBitWidth() <= 64) ||
                                    type->isPointerTy() || type->isFloatTy() || type->isDoubleTy());
  // Code may use all the memory of an i24, which is more than a value of it holds.
  if (scalar && slot.getDataLayout().getTypeSizeInBits(type) == size * 8)
    return Handover::Value;
  return size <= kLargestCopiedSlot ? Handover::Copy : Handover::Private;
}

class Builder {
public:
  Builder(Unit& unit, const OsrFrame& frame)
      : unit_(unit), frame_(frame), old_(*unit.function), context_(old_.getContext()),
        layout_(unit.module->getDataLayout()), pointer_(llvm::PointerType::get(context_, 0)) {}

  void run(llvm::BasicBlock* target) {
    for (llvm::AllocaInst* slot : frame_.slots)
      handover_.push_back(handoverOf(*slot, sizeOf(*slot)));
    makeBody(target);
    makeEntry();
  }

private:
  uint64_t sizeOf(const llvm::AllocaInst& slot) const {
    return slot.getAllocationSize(layout_)->getFixedValue();
  }

  /// What the function promises as a whole, as far as it still holds when it reads another frame.
  void copyAttributes(llvm::Function& to) const {
    llvm::AttributeMask dropped;
    for (llvm::Attribute::AttrKind kind :
         {llvm::Attribute::Memory, llvm::Attribute::AlwaysInline, llvm::Attribute::Speculatable,
          llvm::Attribute::AllocSize, llvm::Attribute::AllocKind, llvm::Attribute::NoRecurse,
          llvm::Attribute::NoSync, llvm::Attribute::NoFree, llvm::Attribute::WillReturn})
      dropped.addAttribute(kind);
    const llvm::AttributeList attributes = old_.getAttributes();
    to.setAttributes(llvm::AttributeList::get(
        context_, attributes.getFnAttrs().removeAttributes(context_, dropped), attributes.getRetAttrs(), {}));
  }

  void makeBody(llvm::BasicBlock* target) {
    llvm::SmallVector<llvm::Type*, 16> parameters;
    for (unsigned i = 0; i < frame_.slots.size(); ++i)
      parameters.push_back(handover_[i] == Handover::Value ? frame_.slots[i]->getAllocatedType() : pointer_);
    parameters.push_back(pointer_); // the labels of the old code
    body_ = llvm::Function::Create(
        llvm::FunctionType::get(old_.getReturnType(), parameters, false), llvm::GlobalValue::InternalLinkage,
        old_.getAddressSpace(), makeLinkName("osr", LinkKind::Private, unit_.id.value), unit_.module.get());
    copyAttributes(*body_);
    // Its counts, which its blocks' weights are relative to. It is entered once, in the middle: the ratio of
    // the two is what makes call sites in its loops as hot as they are in the function.
    body_->copyMetadata(&old_, 0);
    // Inlining it into the entry would only lose what is known about the parameters.
    body_->addFnAttr(llvm::Attribute::NoInline);
    if (old_.hasPersonalityFn())
      body_->setPersonalityFn(old_.getPersonalityFn());

    body_->splice(body_->begin(), &old_);
    // Nothing behind a header uses them: what is live there is in slots.
    for (llvm::Argument& argument : old_.args())
      argument.replaceAllUsesWith(llvm::PoisonValue::get(argument.getType()));

    llvm::BasicBlock& oldEntry = body_->getEntryBlock();
    llvm::SmallVector<llvm::AllocaInst*, 8> madeLater;
    for (llvm::Instruction& instruction : oldEntry) {
      auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      if (alloca && alloca->isStaticAlloca() && !llvm::is_contained(frame_.slots, alloca))
        madeLater.push_back(alloca);
    }
    llvm::BasicBlock* prologue = llvm::BasicBlock::Create(context_, "", body_, &oldEntry);
    takeOverSlots(*prologue);
    // What is left was made for the copies of loops. (Dynamic ones have run already.)
    for (llvm::AllocaInst* alloca : madeLater)
      alloca->moveBefore(*prologue, prologue->begin());
    llvm::BasicBlock* end = prologue;
    for (unsigned slot : frame_.labelSlots)
      end = translateLabel(*end, *places_[slot]);
    llvm::IRBuilder<>(end).CreateBr(target);
    llvm::EliminateUnreachableBlocks(*body_);
    resumeByCall();
  }

  /// A loop in a cleanup is entered behind the landing pad. LLVM takes what resumes an exception and is not
  /// reached from a landing pad for unreachable; the call that it would make of it says the same.
  void resumeByCall() {
    llvm::SmallPtrSet<llvm::BasicBlock*, 32> seen;
    llvm::SmallVector<llvm::BasicBlock*, 32> work = {&body_->getEntryBlock()};
    while (!work.empty()) {
      llvm::BasicBlock* block = work.pop_back_val();
      if (block->isEHPad() || !seen.insert(block).second)
        continue;
      work.append(llvm::succ_begin(block), llvm::succ_end(block));
    }
    for (llvm::BasicBlock* block : seen) {
      auto* resume = llvm::dyn_cast<llvm::ResumeInst>(block->getTerminator());
      if (!resume)
        continue;
      llvm::IRBuilder<> builder(resume);
      llvm::FunctionCallee unwinder =
          unit_.module->getOrInsertFunction("_Unwind_Resume", builder.getVoidTy(), pointer_);
      if (auto* function = llvm::dyn_cast<llvm::Function>(unwinder.getCallee()))
        function->addFnAttr(llvm::Attribute::NonLazyBind); // through the GOT: it is far away
      builder.CreateCall(unwinder, builder.CreateExtractValue(resume->getValue(), 0))->setDoesNotReturn();
      builder.CreateUnreachable();
      resume->eraseFromParent();
    }
  }

  void takeOverSlots(llvm::BasicBlock& prologue) {
    llvm::IRBuilder<> builder(&prologue);
    for (unsigned i = 0; i < frame_.slots.size(); ++i) {
      llvm::AllocaInst* slot = frame_.slots[i];
      llvm::Argument* parameter = body_->getArg(i);
      const uint64_t size = sizeOf(*slot);
      // A variable whose life begins behind the header would lose what is put into it here.
      for (llvm::User* user : llvm::make_early_inc_range(slot->users())) {
        if (auto* instruction = llvm::cast<llvm::Instruction>(user); instruction->isLifetimeStartOrEnd())
          instruction->eraseFromParent();
      }
      if (handover_[i] != Handover::Value) {
        llvm::AttrBuilder attributes(context_);
        attributes.addAttribute(llvm::Attribute::NonNull).addAttribute(llvm::Attribute::NoUndef);
        attributes.addAlignmentAttr(slot->getAlign()).addDereferenceableAttr(size);
        if (handover_[i] != Handover::Shared)
          attributes.addAttribute(llvm::Attribute::NoAlias);
        parameter->addAttrs(attributes);
      }
      if (handover_[i] == Handover::Private || handover_[i] == Handover::Shared) {
        places_.push_back(parameter);
        slot->replaceAllUsesWith(parameter);
        slot->eraseFromParent();
        continue;
      }
      places_.push_back(slot);
      slot->moveBefore(prologue, prologue.begin());
      if (handover_[i] == Handover::Value)
        builder.CreateStore(parameter, slot);
      else
        builder.CreateMemCpy(slot, slot->getAlign(), parameter, slot->getAlign(), size);
    }
  }

  /// Replaces the address of a block of the old code by that of the same block here. Anything else that the
  /// variable holds (a null, an object's address, nothing yet) stays.
  llvm::BasicBlock* translateLabel(llvm::BasicBlock& before, llvm::Value& variable) {
    llvm::SmallVector<llvm::Constant*, 16> addresses;
    for (llvm::BasicBlock* label : frame_.labels)
      addresses.push_back(llvm::BlockAddress::get(label));
    auto* type = llvm::ArrayType::get(pointer_, addresses.size());
    if (!newLabels_)
      newLabels_ = new llvm::GlobalVariable(*unit_.module, type, true, llvm::GlobalValue::InternalLinkage,
                                            llvm::ConstantArray::get(type, addresses),
                                            makeLinkName("osr.labels", LinkKind::Private, unit_.id.value));
    llvm::Argument* oldLabels = body_->getArg(static_cast<unsigned>(frame_.slots.size()));
    const auto block = [&] { return llvm::BasicBlock::Create(context_, "", body_, before.getNextNode()); };
    llvm::BasicBlock* done = block();
    llvm::BasicBlock* next = block();
    llvm::BasicBlock* found = block();
    llvm::BasicBlock* loop = block();
    llvm::IRBuilder<> builder(&before);
    llvm::Value* wanted = builder.CreateLoad(pointer_, &variable);
    builder.CreateBr(loop);

    builder.SetInsertPoint(loop);
    llvm::PHINode* index = builder.CreatePHI(builder.getInt64Ty(), 2);
    index->addIncoming(builder.getInt64(0), &before);
    llvm::Value* old = builder.CreateLoad(pointer_, builder.CreateGEP(pointer_, oldLabels, index));
    builder.CreateCondBr(builder.CreateICmpEQ(old, wanted), found, next);

    builder.SetInsertPoint(found);
    builder.CreateStore(builder.CreateLoad(pointer_, builder.CreateGEP(pointer_, newLabels_, index)),
                        &variable);
    builder.CreateBr(done);

    builder.SetInsertPoint(next);
    llvm::Value* following = builder.CreateAdd(index, builder.getInt64(1));
    index->addIncoming(following, next);
    builder.CreateCondBr(builder.CreateICmpULT(following, builder.getInt64(addresses.size())), loop, done);
    return done;
  }

  void makeEntry() {
    auto* entry = llvm::Function::Create(llvm::FunctionType::get(old_.getReturnType(), {pointer_}, false),
                                         llvm::GlobalValue::ExternalLinkage, old_.getAddressSpace(), "",
                                         unit_.module.get());
    entry->takeName(&old_);
    copyAttributes(*entry);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context_, "", entry));
    llvm::Value* table = entry->getArg(0);
    const auto load = [&](size_t index) {
      return builder.CreateLoad(pointer_, builder.CreateConstInBoundsGEP1_64(pointer_, table, index));
    };
    llvm::SmallVector<llvm::Value*, 16> arguments;
    for (unsigned i = 0; i < body_->arg_size() - 1; ++i) {
      llvm::Value* address = load(i);
      arguments.push_back(handover_[i] == Handover::Value
                              ? builder.CreateLoad(body_->getArg(i)->getType(), address)
                              : address);
    }
    arguments.push_back(load(frame_.slots.size() + OsrTableLabels));
    llvm::CallInst* call = builder.CreateCall(body_, arguments);
    call->setAttributes(llvm::AttributeList::get(context_, {}, body_->getAttributes().getRetAttrs(), {}));
    if (old_.getReturnType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(call);
    old_.eraseFromParent();
    unit_.function = entry;
  }

  Unit& unit_;
  const OsrFrame& frame_;
  llvm::Function& old_;
  llvm::LLVMContext& context_;
  const llvm::DataLayout& layout_;
  llvm::Type* pointer_;
  llvm::Function* body_ = nullptr;
  llvm::GlobalVariable* newLabels_ = nullptr;
  llvm::SmallVector<Handover, 16> handover_;
  llvm::SmallVector<llvm::Value*, 16> places_; ///< where the body has each slot
};

} // namespace

std::optional<Reason> makeContinuation(Unit& unit, unsigned header, uint64_t shape) {
  if (std::optional<Reason> reason = whyNoOsr(*unit.function))
    return reason;
  const OsrFrameResult made = makeOsrFrame(*unit.function);
  if (made.refused)
    return made.refused;
  const OsrFrame& frame = made.frame;
  if (frame.shape != shape || header >= frame.headers.size() || !canLeaveAt(*frame.headers[header]))
    return Reason::OsrShape;
  llvm::BasicBlock* target = copyEnclosingLoops(*unit.function, frame.headers[header]);
  Builder(unit, frame).run(target);
  return {};
}

} // namespace tiercel
