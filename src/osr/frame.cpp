// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/frame.h"

#include "unit/block_addresses.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"

namespace tiercel {

namespace {

using BlockSet = llvm::SmallPtrSet<const llvm::BasicBlock*, 16>;

/// Blocks that control can reach from the start of `from`'s successors or, with `inclusive`, from `from`
/// itself.
BlockSet reachableFrom(llvm::ArrayRef<llvm::BasicBlock*> from, const llvm::BasicBlock* avoiding = nullptr) {
  BlockSet seen;
  llvm::SmallVector<const llvm::BasicBlock*, 16> work(from.begin(), from.end());
  while (!work.empty()) {
    const llvm::BasicBlock* block = work.pop_back_val();
    if (block == avoiding || !seen.insert(block).second)
      continue;
    work.append(llvm::succ_begin(block), llvm::succ_end(block));
  }
  return seen;
}

/// Whether `restore` can be reached from the start of `header` without passing `save`.
bool reachesAround(llvm::BasicBlock* header, const llvm::Instruction& save,
                   const llvm::Instruction& restore) {
  if (save.getParent() == restore.getParent() && restore.comesBefore(&save))
    return reachableFrom({header}).contains(restore.getParent());
  return reachableFrom({header}, save.getParent()).contains(restore.getParent());
}

/// Of an intrinsic over pointers. From its users: this is asked for every header, and functions are large.
llvm::SmallVector<const llvm::Instruction*, 4> callsOf(llvm::Intrinsic::ID id, llvm::Function& function) {
  llvm::SmallVector<const llvm::Instruction*, 4> calls;
  const llvm::Function* intrinsic = llvm::Intrinsic::getDeclarationIfExists(
      function.getParent(), id, {llvm::PointerType::get(function.getContext(), 0)});
  if (!intrinsic)
    return calls;
  for (const llvm::User* user : intrinsic->users()) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(user);
    if (call && call->getFunction() == &function)
      calls.push_back(call);
  }
  return calls;
}

/// A stack pointer saved in the old frame must not be restored in the continuation's: every restore behind
/// the header has to take what was saved behind it too. Which save a restore belongs to is not looked up:
/// each of them must lie between.
bool restoresOlderStack(llvm::BasicBlock& header) {
  const auto restores = callsOf(llvm::Intrinsic::stackrestore, *header.getParent());
  if (restores.empty())
    return false;
  const auto saves = callsOf(llvm::Intrinsic::stacksave, *header.getParent());
  return llvm::any_of(restores, [&](const llvm::Instruction* restore) {
    return llvm::any_of(
        saves, [&](const llvm::Instruction* save) { return reachesAround(&header, *save, *restore); });
  });
}

/// Values of these types have no place in memory.
bool cannotBeStored(const llvm::Type& type) {
  return type.isTokenTy() || type.isMetadataTy() || type.isLabelTy() || type.isX86_AMXTy() ||
         type.isScalableTy() || type.isTargetExtTy();
}

std::optional<Reason> whyNoOsr(const llvm::Instruction& instruction) {
  if (instruction.getType()->isTokenTy())
    return Reason::OsrTokens;
  if (auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      alloca && (alloca->isSwiftError() || alloca->isUsedWithInAlloca()))
    return Reason::OsrSpecialArguments;
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  if (!call)
    return {};
  if (call->hasFnAttr(llvm::Attribute::ReturnsTwice))
    return Reason::OsrReturnsTwice;
  if (call->isMustTailCall())
    return Reason::OsrMustTail;
  if (llvm::isa<llvm::CallBrInst>(call))
    return Reason::OsrAsmGoto;
  switch (call->getIntrinsicID()) {
  case llvm::Intrinsic::vastart:
    return Reason::OsrVarArgs;
  case llvm::Intrinsic::frameaddress:
  case llvm::Intrinsic::returnaddress:
  case llvm::Intrinsic::addressofreturnaddress:
  case llvm::Intrinsic::sponentry:
  case llvm::Intrinsic::localescape:
  case llvm::Intrinsic::eh_dwarf_cfa:
  case llvm::Intrinsic::eh_unwind_init:
  case llvm::Intrinsic::eh_return_i32:
  case llvm::Intrinsic::eh_return_i64:
    return Reason::OsrFrameAddress;
  default:
    return {};
  }
}

/// The headers at whose start `value` is live: going back from its uses to its definition.
bool isLiveAtHeader(const llvm::Value& value, const BlockSet& headers) {
  const auto* definition = llvm::dyn_cast<llvm::Instruction>(&value);
  BlockSet liveIn;
  llvm::SmallVector<const llvm::BasicBlock*, 16> work;
  const auto liveAtEnd = [&](const llvm::BasicBlock* block) {
    if ((!definition || block != definition->getParent()) && liveIn.insert(block).second)
      work.push_back(block);
  };
  for (const llvm::Use& use : value.uses()) {
    const auto* user = llvm::cast<llvm::Instruction>(use.getUser());
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(user))
      liveAtEnd(phi->getIncomingBlock(use));
    else
      liveAtEnd(user->getParent());
  }
  while (!work.empty()) {
    const llvm::BasicBlock* block = work.pop_back_val();
    if (headers.contains(block))
      return true;
    // Arguments are defined at the entry, which is no header.
    for (const llvm::BasicBlock* predecessor : llvm::predecessors(block))
      liveAtEnd(predecessor);
  }
  return false;
}

class FrameMaker {
public:
  explicit FrameMaker(llvm::Function& function) : function_(function) {}

  OsrFrameResult run() {
    OsrFrameResult result;
    OsrFrame& frame = result.frame;
    frame.headers = findLoopHeaders(function_);
    headers_.insert(frame.headers.begin(), frame.headers.end());
    firstBehindAllocas_ = gatherStaticAllocas(function_);
    numberCaughtTypes();
    demoteArguments();
    // Phis of headers are values that live at the header by definition, and a continuation enters there.
    for (llvm::BasicBlock* header : frame.headers) {
      splitInvokeEdges(*header);
      for (llvm::PHINode& phi : llvm::make_early_inc_range(header->phis()))
        llvm::DemotePHIToStack(&phi, place());
    }
    demoteInstructions();
    for (llvm::Instruction& instruction : function_.getEntryBlock()) {
      if (auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction); alloca && alloca->isStaticAlloca())
        frame.slots.push_back(alloca);
    }
    findLabels(result);
    frame.shape = shapeOf(frame);
    return result;
  }

private:
  /// A selector says what was thrown by a number that the code generator gives the type for one function's
  /// code. It may be kept across a loop header, by a cleanup that loops before a handler is chosen. Where it
  /// is, landing pads translate it to the type's place among those that the function asks for, which both
  /// sides know. Pads that catch nothing have no such number: 0 for a cleanup, and less for what an exception
  /// specification forbids.
  void numberCaughtTypes() {
    llvm::SmallVector<llvm::LandingPadInst*, 8> pads;
    llvm::SmallVector<llvm::IntrinsicInst*, 8> questions;
    for (llvm::Instruction& instruction : llvm::instructions(function_)) {
      if (auto* pad = llvm::dyn_cast<llvm::LandingPadInst>(&instruction); pad && catches(*pad))
        pads.push_back(pad);
      else if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
               call && call->getIntrinsicID() == llvm::Intrinsic::eh_typeid_for)
        questions.push_back(call);
    }
    if (questions.empty() || !areLiveAtHeader(pads, questions))
      return;
    llvm::MapVector<llvm::Value*, unsigned> numbers;
    for (const llvm::IntrinsicInst* question : questions)
      numbers.try_emplace(question->getArgOperand(0), static_cast<unsigned>(numbers.size()) + 1);
    llvm::Function* typeId = questions.front()->getCalledFunction();
    for (llvm::LandingPadInst* pad : pads)
      translateSelector(*pad, *typeId, numbers);
    for (llvm::IntrinsicInst* question : questions) {
      question->replaceAllUsesWith(
          llvm::ConstantInt::get(question->getType(), numbers.lookup(question->getArgOperand(0))));
      question->eraseFromParent();
    }
  }

  static bool catches(const llvm::LandingPadInst& pad) {
    for (unsigned i = 0; i < pad.getNumClauses(); ++i) {
      if (pad.isCatch(i))
        return true;
    }
    return false;
  }

  /// A personality finds none but the types of the pad's own clauses.
  static void translateSelector(llvm::LandingPadInst& pad, llvm::Function& typeId,
                                const llvm::MapVector<llvm::Value*, unsigned>& numbers) {
    llvm::IRBuilder<> builder(&*pad.getParent()->getFirstInsertionPt());
    llvm::Value* selector = builder.CreateExtractValue(&pad, 1);
    const auto number = [&](size_t value) { return llvm::ConstantInt::get(selector->getType(), value); };
    // Of a type that nobody asks for.
    llvm::Value* translated = builder.CreateSelect(builder.CreateICmpSGT(selector, number(0)),
                                                   number(numbers.size() + 1), selector);
    llvm::SmallPtrSet<const llvm::Value*, 8> seen;
    for (unsigned i = 0; i < pad.getNumClauses(); ++i) {
      llvm::Constant* type = pad.getClause(i);
      if (pad.isCatch(i) && numbers.contains(type) && seen.insert(type).second)
        translated = builder.CreateSelect(builder.CreateICmpEQ(selector, builder.CreateCall(&typeId, type)),
                                          number(numbers.lookup(type)), translated);
    }
    llvm::Value* whole = builder.CreateInsertValue(&pad, translated, 1);
    pad.replaceUsesWithIf(
        whole, [&](const llvm::Use& use) { return use.getUser() != selector && use.getUser() != whole; });
  }

  /// Whether a number of the code generator's, of what landing pads caught or of what is asked for, may be
  /// kept across a loop header: in a value or in a variable, and whatever is made of it.
  bool areLiveAtHeader(llvm::ArrayRef<llvm::LandingPadInst*> pads,
                       llvm::ArrayRef<llvm::IntrinsicInst*> questions) const {
    llvm::SmallSetVector<llvm::Instruction*, 16> values;
    values.insert(pads.begin(), pads.end());
    values.insert(questions.begin(), questions.end());
    llvm::SmallPtrSet<const llvm::AllocaInst*, 8> variables;
    for (size_t i = 0; i < values.size(); ++i) {
      llvm::Instruction* value = values[i];
      if (isLiveAtHeader(*value, headers_) ||
          (llvm::isa<llvm::PHINode>(value) && headers_.contains(value->getParent())))
        return true;
      for (llvm::User* user : value->users()) {
        if (auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(user);
            extract && extract->getIndices()[0] == 0)
          continue; // the exception
        // What a comparison says means the same everywhere; the unwinder looks at the exception only.
        if (llvm::isa<llvm::ICmpInst, llvm::ResumeInst>(user))
          continue;
        if (llvm::isa<llvm::ExtractValueInst, llvm::InsertValueInst, llvm::PHINode, llvm::SelectInst,
                      llvm::FreezeInst>(user)) {
          values.insert(llvm::cast<llvm::Instruction>(user));
          continue;
        }
        auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
        auto* variable = store ? llvm::dyn_cast<llvm::AllocaInst>(store->getPointerOperand()) : nullptr;
        if (variables.contains(variable))
          continue;
        if (!variable || !variable->isStaticAlloca() || variableIsLiveAtHeader(*variable))
          return true;
        variables.insert(variable);
        for (llvm::User* other : variable->users()) {
          if (auto* load = llvm::dyn_cast<llvm::LoadInst>(other))
            values.insert(load);
        }
      }
    }
    return false;
  }

  /// The same for what is in a variable that is only stored and loaded as a whole. For others: true.
  bool variableIsLiveAtHeader(const llvm::AllocaInst& variable) const {
    llvm::DenseMap<const llvm::BasicBlock*, const llvm::StoreInst*> stores; // the first of each block
    llvm::SmallVector<const llvm::LoadInst*, 8> loads;
    for (const llvm::User* user : variable.users()) {
      if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(user);
          load && load->getType() == variable.getAllocatedType()) {
        loads.push_back(load);
      } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
                 store && store->getValueOperand()->getType() == variable.getAllocatedType()) {
        const llvm::StoreInst*& first = stores[store->getParent()];
        if (!first || store->comesBefore(first))
          first = store;
      } else if (!llvm::isa<llvm::LifetimeIntrinsic>(user)) {
        return true;
      }
    }
    BlockSet seen;
    llvm::SmallVector<const llvm::BasicBlock*, 16> work; // where it is live at the start
    for (const llvm::LoadInst* load : loads) {
      const llvm::StoreInst* store = stores.lookup(load->getParent());
      if (!store || load->comesBefore(store))
        work.push_back(load->getParent());
    }
    while (!work.empty()) {
      const llvm::BasicBlock* block = work.pop_back_val();
      if (!seen.insert(block).second)
        continue;
      if (headers_.contains(block))
        return true;
      for (const llvm::BasicBlock* predecessor : llvm::predecessors(block)) {
        if (!stores.contains(predecessor))
          work.push_back(predecessor);
      }
    }
    return false;
  }

  /// Where new slots go: behind the ones that exist, which then stay in front of everything else.
  std::optional<llvm::BasicBlock::iterator> place() { return firstBehindAllocas_->getIterator(); }

  /// A value that an invoke hands to a phi is stored on the way, which needs a block.
  static void splitInvokeEdges(llvm::BasicBlock& header) {
    llvm::SmallVector<llvm::InvokeInst*, 2> invokes;
    for (llvm::PHINode& phi : header.phis()) {
      for (unsigned i = 0; i < phi.getNumIncomingValues(); ++i) {
        auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(phi.getIncomingValue(i));
        if (invoke && invoke->getParent() == phi.getIncomingBlock(i) && !llvm::is_contained(invokes, invoke))
          invokes.push_back(invoke);
      }
    }
    for (llvm::InvokeInst* invoke : invokes)
      llvm::SplitEdge(invoke->getParent(), &header);
  }

  void demoteArguments() {
    for (llvm::Argument& argument : function_.args()) {
      if (argument.use_empty() || !isLiveAtHeader(argument, headers_))
        continue;
      auto* slot = new llvm::AllocaInst(argument.getType(), 0, "", firstBehindAllocas_->getIterator());
      // First of all: loads are put right in front of uses, which may begin here.
      auto* store = new llvm::StoreInst(&argument, slot, firstBehindAllocas_->getIterator());
      for (llvm::Use& use : llvm::make_early_inc_range(argument.uses())) {
        if (use.getUser() == store)
          continue;
        auto* user = llvm::cast<llvm::Instruction>(use.getUser());
        llvm::BasicBlock::iterator at = user->getIterator();
        if (auto* phi = llvm::dyn_cast<llvm::PHINode>(user))
          at = phi->getIncomingBlock(use)->getTerminator()->getIterator();
        use.set(new llvm::LoadInst(argument.getType(), slot, "", at));
      }
    }
  }

  void demoteInstructions() {
    llvm::SmallVector<llvm::Instruction*, 32> live;
    for (llvm::Instruction& instruction : llvm::instructions(function_)) {
      if (auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction); alloca && alloca->isStaticAlloca())
        continue;
      const bool leavesBlock = llvm::any_of(instruction.users(), [&](const llvm::User* user) {
        const auto* other = llvm::cast<llvm::Instruction>(user);
        return other->getParent() != instruction.getParent() || llvm::isa<llvm::PHINode>(other);
      });
      if (leavesBlock && isLiveAtHeader(instruction, headers_))
        live.push_back(&instruction);
    }
    for (llvm::Instruction* instruction : live)
      llvm::DemoteRegToStack(*instruction, /*VolatileLoads=*/false, place());
  }

  void findLabels(OsrFrameResult& result) {
    if (!hasAddressTakenBlocks(function_))
      return;
    OsrFrame& frame = result.frame;
    for (llvm::BasicBlock& block : function_) {
      if (block.hasAddressTaken())
        frame.labels.push_back(&block);
    }
    const BlockAddressUse use = findBlockAddressUse(function_);
    if (use.escapes || !use.otherVariables.empty())
      result.refused = Reason::OsrLabelTable;
    for (unsigned i = 0; i < frame.slots.size(); ++i) {
      if (use.variables.contains(frame.slots[i]))
        frame.labelSlots.push_back(i);
    }
  }

  static uint64_t shapeOf(const OsrFrame& frame) {
    llvm::hash_code hash = llvm::hash_combine(frame.headers.size(), frame.slots.size(), frame.labels.size());
    for (const llvm::AllocaInst* slot : frame.slots)
      hash = llvm::hash_combine(hash, slot->getAllocatedType()->getTypeID(), slot->getAlign().value(),
                                slot->getAllocationSize(slot->getDataLayout())->getFixedValue());
    return static_cast<uint64_t>(hash);
  }

  llvm::Function& function_;
  BlockSet headers_;
  llvm::Instruction* firstBehindAllocas_ = nullptr;
};

} // namespace

llvm::SmallVector<llvm::BasicBlock*, 8> findLoopHeaders(const llvm::Function& function) {
  llvm::SmallVector<std::pair<const llvm::BasicBlock*, const llvm::BasicBlock*>, 16> backEdges;
  llvm::FindFunctionBackedges(function, backEdges);
  llvm::SmallSetVector<llvm::BasicBlock*, 8> headers;
  for (auto [from, to] : backEdges)
    headers.insert(const_cast<llvm::BasicBlock*>(to));
  return headers.takeVector();
}

llvm::Instruction* gatherStaticAllocas(llvm::Function& function) {
  const auto isStatic = [](const llvm::Instruction& instruction) {
    const auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    return alloca && alloca->isStaticAlloca();
  };
  llvm::BasicBlock& entry = function.getEntryBlock();
  llvm::Instruction* first = &entry.front();
  while (isStatic(*first))
    first = first->getNextNode();
  for (llvm::Instruction& instruction :
       llvm::make_early_inc_range(llvm::make_range(first->getIterator(), entry.end()))) {
    if (isStatic(instruction))
      instruction.moveBefore(first->getIterator());
  }
  return first;
}

bool canLeaveAt(llvm::BasicBlock& header) { return !header.isEHPad() && !restoresOlderStack(header); }

std::optional<Reason> whyNoOsr(llvm::Function& function) {
  if (function.hasFnAttribute(llvm::Attribute::Naked) || function.isPresplitCoroutine())
    return Reason::OsrSpecialArguments;
  for (const llvm::Argument& argument : function.args()) {
    if (argument.hasInAllocaAttr() || argument.hasPreallocatedAttr() || argument.hasSwiftErrorAttr() ||
        cannotBeStored(*argument.getType()))
      return Reason::OsrSpecialArguments;
  }
  const auto headers = findLoopHeaders(function);
  const BlockSet behind = reachableFrom(headers);
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const std::optional<Reason> reason = whyNoOsr(instruction);
    // Arguments may be walked in a loop as long as the walk began before it.
    if (reason && (reason != Reason::OsrVarArgs || behind.contains(instruction.getParent())))
      return reason;
    if (cannotBeStored(*instruction.getType()) && !instruction.getType()->isVoidTy())
      return Reason::OsrTokens;
  }
  if (llvm::all_of(headers, [](llvm::BasicBlock* header) { return header->isEHPad(); }))
    return Reason::OsrHandler;
  if (llvm::none_of(headers, [](llvm::BasicBlock* header) { return canLeaveAt(*header); }))
    return Reason::OsrDynamicStack;
  return {};
}

OsrFrameResult makeOsrFrame(llvm::Function& function) { return FrameMaker(function).run(); }

} // namespace tiercel
