// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/instrument.h"

#include "base/trip_kind.h"
#include "osr/continuation.h"
#include "profile/insert_counters.h"
#include "profile/target_table.h"
#include "unit/link_name.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"

namespace tiercel {

namespace {

class Instrumenter {
public:
  Instrumenter(Unit& unit, const InstrumentOptions& options)
      : unit_(unit), options_(options), frame_(options.frame), function_(*unit.function),
        context_(function_.getContext()), i32_(llvm::Type::getInt32Ty(context_)),
        pointer_(llvm::PointerType::get(context_, 0)) {
    llvm::Module& module = *unit.module;
    counters_ = new llvm::GlobalVariable(module, llvm::ArrayType::get(i32_, Words), false,
                                         llvm::GlobalValue::ExternalLinkage, nullptr,
                                         makeLinkName("", LinkKind::Counters, unit.id.value));
    counters_->setAlignment(llvm::Align(4));
    counters_->setDSOLocal(true);
    auto* type = llvm::FunctionType::get(pointer_, {i32_, i32_, i32_}, false);
    trip_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage,
                                   makeLinkName("", LinkKind::Trip, 0), &module);
    trip_->setDSOLocal(true);
    if (options.plan && !options.plan->sites.empty())
      counts_ = define(LinkKind::Counts,
                       llvm::ArrayType::get(options.wideCounts ? llvm::Type::getInt64Ty(context_) : i32_,
                                            options.plan->sites.size()),
                       8);
  }

  void run() {
    llvm::SmallVector<llvm::BasicBlock*, 8> headers;
    if (frame_)
      headers = frame_->headers;
    else if (options_.loops)
      headers = findLoopHeaders(function_);
    llvm::Instruction* entry = entryPoint();
    if (frame_) {
      // A structure: an array would be put between the program's arrays and the stack protector's guard.
      const llvm::SmallVector<llvm::Type*, 16> entries(frame_->slots.size() + OsrTableExtras, pointer_);
      table_ = new llvm::AllocaInst(llvm::StructType::get(context_, entries), 0, nullptr, llvm::Align(8), "",
                                    function_.getEntryBlock().begin());
    }
    llvm::SmallVector<bool, 8> leavable;
    for (llvm::BasicBlock* header : headers)
      leavable.push_back(frame_ && canLeaveAt(*header));
    countCalls(entry);
    for (unsigned i = 0; i < headers.size(); ++i) {
      auto place = headers[i]->getFirstInsertionPt();
      if (place == headers[i]->end())
        continue;
      if (frame_ && !leavable[i])
        countLoopToZero(&*place);
      else
        countLoop(&*place, i, leavable[i]);
    }
    if (counts_)
      insertCounters(*options_.plan, *counters_, *counts_);
    if (!options_.calls.empty())
      recordTargets();
  }

private:
  enum Word : unsigned { Poll, Calls, Loops, Words }; ///< of codemem's Counters

  /// Behind the allocas, which count as fixed stack slots only in the entry block, and behind the stores that
  /// put arguments into local variables: arguments that live into another block would be spilled first.
  llvm::Instruction* entryPoint() {
    llvm::Instruction* first = gatherStaticAllocas(function_);
    while (storesArgument(*first))
      first = first->getNextNode();
    return first;
  }

  static bool storesArgument(const llvm::Instruction& instruction) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    return store && llvm::isa<llvm::Argument>(store->getValueOperand()) &&
           llvm::isa<llvm::AllocaInst>(store->getPointerOperand());
  }

  llvm::GlobalVariable* define(LinkKind kind, llvm::Type* type, uint64_t alignment) {
    auto* variable =
        new llvm::GlobalVariable(*unit_.module, type, false, llvm::GlobalValue::ExternalLinkage,
                                 llvm::Constant::getNullValue(type), makeLinkName("", kind, unit_.id.value));
    variable->setAlignment(llvm::Align(alignment));
    variable->setDSOLocal(true);
    return variable;
  }

  void recordTargets() {
    const size_t bytes = options_.calls.size() * sizeof(TargetTable);
    llvm::GlobalVariable* tables =
        define(LinkKind::Targets, llvm::ArrayType::get(llvm::Type::getInt8Ty(context_), bytes),
               alignof(TargetTable));
    auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context_), {pointer_, pointer_}, false);
    auto* record = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage,
                                          makeLinkName("", LinkKind::Record, 0), unit_.module.get());
    record->addFnAttr(llvm::Attribute::NonLazyBind); // through the GOT: it is far away
    insertTargetRecorders(options_.calls, *counters_, *tables, *record);
  }

  /// For the profile, in the slow part of a poll at a block where the plan counts in any case.
  void countBlock(llvm::IRBuilder<>& builder, const llvm::BasicBlock* block) {
    if (!counts_)
      return;
    const auto& sites = options_.plan->sites;
    for (uint32_t i = 0; i < sites.size() && sites[i].always; ++i) {
      if (sites[i].block == block)
        emitIncrement(builder, *counts_, i);
    }
  }

  llvm::Value* addressOf(llvm::IRBuilder<>& builder, Word word) {
    return builder.CreateConstInBoundsGEP2_32(counters_->getValueType(), counters_, 0, word);
  }
  llvm::BasicBlock* newBlock() { return llvm::BasicBlock::Create(context_, "", &function_); }

  /// A gate before `place` (profile/insert_counters.h): its inner block, which has no end yet, and where both
  /// ways join.
  std::pair<llvm::BasicBlock*, llvm::BasicBlock*> pollAt(llvm::Instruction* place) {
    llvm::Instruction* end = insertGate(*place, *counters_);
    llvm::BasicBlock* slow = end->getParent();
    llvm::BasicBlock* after = end->getSuccessor(0);
    end->eraseFromParent();
    return {slow, after};
  }

  llvm::Value* countDown(llvm::IRBuilder<>& builder, Word word) {
    llvm::Value* address = addressOf(builder, word);
    llvm::Value* less = builder.CreateSub(builder.CreateLoad(i32_, address), builder.getInt32(1));
    builder.CreateStore(less, address);
    return less;
  }

  llvm::Value* callTrip(llvm::IRBuilder<>& builder, TripKind kind, unsigned header) {
    return builder.CreateCall(trip_, {builder.getInt32(unit_.id.value << 2 | static_cast<uint32_t>(kind)),
                                      builder.getInt32(header), builder.getInt32(options_.epoch)});
  }

  void countCalls(llvm::Instruction* place) {
    const llvm::BasicBlock* block = place->getParent();
    auto [slow, after] = pollAt(place);
    llvm::BasicBlock* tripped = newBlock();
    llvm::IRBuilder<> builder(slow);
    countBlock(builder, block);
    builder.CreateCondBr(builder.CreateIsNull(countDown(builder, Calls)), tripped, after);
    builder.SetInsertPoint(tripped);
    callTrip(builder, TripKind::Calls, 0);
    builder.CreateBr(after);
  }

  void countLoop(llvm::Instruction* place, unsigned header, bool leave) {
    const llvm::BasicBlock* block = place->getParent();
    auto [slow, after] = pollAt(place);
    llvm::BasicBlock* tripped = newBlock();
    llvm::IRBuilder<> builder(slow);
    countBlock(builder, block);
    builder.CreateCondBr(builder.CreateICmpSLE(countDown(builder, Loops), builder.getInt32(0)), tripped,
                         after);
    builder.SetInsertPoint(tripped);
    llvm::Value* continuation = callTrip(builder, TripKind::Loops, header);
    if (!leave) {
      builder.CreateBr(after);
      return;
    }
    // Goes through memory: a value that lives into another block would be spilled anyway.
    builder.CreateStore(continuation, tableEntry(builder, frame_->slots.size() + OsrTableContinuation));
    builder.CreateCondBr(builder.CreateIsNull(continuation), after, exit());
  }

  /// At a header that cannot be left, in a function that can be left at others: they ask once the counter is
  /// at zero. If this one asked, it would take all their turns.
  void countLoopToZero(llvm::Instruction* place) {
    const llvm::BasicBlock* block = place->getParent();
    auto [slow, after] = pollAt(place);
    llvm::IRBuilder<> builder(slow);
    countBlock(builder, block);
    llvm::Value* address = addressOf(builder, Loops);
    llvm::Value* count = builder.CreateLoad(i32_, address);
    llvm::Value* less = builder.CreateSub(count, builder.getInt32(1));
    llvm::Value* more = builder.CreateICmpSGT(count, builder.getInt32(0));
    builder.CreateStore(builder.CreateSelect(more, less, count), address);
    builder.CreateBr(after);
  }

  llvm::Value* tableEntry(llvm::IRBuilder<>& builder, size_t index) {
    return builder.CreateStructGEP(table_->getAllocatedType(), table_, static_cast<unsigned>(index));
  }

  /// Hands the frame to the continuation and returns what it returns; one for all headers.
  llvm::BasicBlock* exit() {
    if (exit_)
      return exit_;
    exit_ = newBlock();
    llvm::IRBuilder<> builder(exit_);
    const size_t slots = frame_->slots.size();
    for (size_t i = 0; i < slots; ++i)
      builder.CreateStore(frame_->slots[i], tableEntry(builder, i));
    if (!frame_->labels.empty())
      builder.CreateStore(labels(), tableEntry(builder, slots + OsrTableLabels));
    llvm::Value* continuation =
        builder.CreateLoad(pointer_, tableEntry(builder, slots + OsrTableContinuation));
    llvm::Type* result = function_.getReturnType();
    llvm::CallInst* call =
        builder.CreateCall(llvm::FunctionType::get(result, {pointer_}, false), continuation, {table_});
    call->setAttributes(llvm::AttributeList::get(context_, {}, function_.getAttributes().getRetAttrs(), {}));
    if (result->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(call);
    return exit_;
  }

  llvm::GlobalVariable* labels() {
    llvm::SmallVector<llvm::Constant*, 16> addresses;
    for (llvm::BasicBlock* label : frame_->labels)
      addresses.push_back(llvm::BlockAddress::get(label));
    auto* type = llvm::ArrayType::get(pointer_, addresses.size());
    return new llvm::GlobalVariable(*unit_.module, type, true, llvm::GlobalValue::InternalLinkage,
                                    llvm::ConstantArray::get(type, addresses),
                                    makeLinkName("osr.labels", LinkKind::Private, unit_.id.value));
  }

  Unit& unit_;
  const InstrumentOptions& options_;
  const OsrFrame* frame_;
  llvm::Function& function_;
  llvm::LLVMContext& context_;
  llvm::Type* i32_;
  llvm::PointerType* pointer_;
  llvm::GlobalVariable* counters_;
  llvm::Function* trip_;
  llvm::GlobalVariable* counts_ = nullptr;
  llvm::AllocaInst* table_ = nullptr;
  llvm::BasicBlock* exit_ = nullptr;
};

} // namespace

void instrumentUnit(Unit& unit, const InstrumentOptions& options) { Instrumenter(unit, options).run(); }

} // namespace tiercel
