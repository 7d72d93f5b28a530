// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/type_checks.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

#include <array>

namespace tiercel {

namespace {

constexpr std::array kQuestions = {
    llvm::Intrinsic::type_test, llvm::Intrinsic::public_type_test, llvm::Intrinsic::type_checked_load,
    llvm::Intrinsic::type_checked_load_relative, llvm::Intrinsic::icall_branch_funnel};

/// Whether nothing depends on an answer but assumptions that it is yes.
bool isOnlyAssumed(const llvm::Value& answer) {
  llvm::SmallPtrSet<const llvm::Value*, 8> seen;
  llvm::SmallVector<const llvm::Value*, 8> work = {&answer};
  while (!work.empty()) {
    const llvm::Value* value = work.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    for (const llvm::User* user : value->users()) {
      const auto* instruction = llvm::cast<llvm::Instruction>(user);
      const bool passesOn = llvm::isa<llvm::PHINode, llvm::SelectInst, llvm::FreezeInst>(instruction) ||
                            instruction->getOpcode() == llvm::Instruction::And;
      if (passesOn)
        work.push_back(instruction);
      else if (!llvm::isa<llvm::AssumeInst>(instruction))
        return false;
    }
  }
  return true;
}

/// A load of a pointer together with a question about where it is loaded from.
bool lowerCheckedLoad(llvm::IntrinsicInst& call) {
  llvm::SmallVector<llvm::ExtractValueInst*, 4> parts;
  for (llvm::User* user : call.users()) {
    auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user);
    if (!part || (part->getIndices()[0] == 1 && !isOnlyAssumed(*part)))
      return false;
    parts.push_back(part);
  }
  llvm::IRBuilder<> builder(&call);
  llvm::Value* loaded = nullptr;
  if (call.getIntrinsicID() == llvm::Intrinsic::type_checked_load_relative)
    loaded = builder.CreateIntrinsic(llvm::Intrinsic::load_relative, {call.getArgOperand(1)->getType()},
                                     {call.getArgOperand(0), call.getArgOperand(1)});
  else
    loaded = builder.CreateLoad(builder.getPtrTy(),
                                builder.CreatePtrAdd(call.getArgOperand(0), call.getArgOperand(1)));
  for (llvm::ExtractValueInst* part : parts) {
    part->replaceAllUsesWith(part->getIndices()[0] == 0 ? loaded : builder.getTrue());
    part->eraseFromParent();
  }
  call.eraseFromParent();
  return true;
}

bool lower(llvm::IntrinsicInst& call) {
  switch (call.getIntrinsicID()) {
  case llvm::Intrinsic::type_test:
  case llvm::Intrinsic::public_type_test:
    if (!isOnlyAssumed(call))
      return false;
    call.replaceAllUsesWith(llvm::ConstantInt::getTrue(call.getContext()));
    call.eraseFromParent();
    return true;
  case llvm::Intrinsic::type_checked_load:
  case llvm::Intrinsic::type_checked_load_relative:
    return lowerCheckedLoad(call);
  default:
    return false; // made by linkers
  }
}

} // namespace

bool mayCheckTypes(const llvm::Module& module) {
  return llvm::any_of(kQuestions, [&](llvm::Intrinsic::ID id) {
    return llvm::Intrinsic::getDeclarationIfExists(&module, id) != nullptr;
  });
}

Status lowerTypeChecks(llvm::Function& function) {
  llvm::SmallVector<llvm::IntrinsicInst*, 8> questions;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
        call && llvm::is_contained(kQuestions, call->getIntrinsicID()))
      questions.push_back(call);
  }
  for (llvm::IntrinsicInst* call : questions) {
    if (!lower(*call))
      return Error(ErrorKind::Unsupported, "function " + function.getName().str(),
                   "it checks types while it runs, which needs a linker that knows all types of the program; "
                   "build it without -fsanitize=cfi");
  }
  return {};
}

} // namespace tiercel
