// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/target_attributes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"

namespace tiercel {

namespace {

void expandMultiplyAdd(llvm::IntrinsicInst* call) {
  llvm::IRBuilder<> builder(call);
  builder.setFastMathFlags(call->getFastMathFlags());
  llvm::Value* product = builder.CreateFMul(call->getArgOperand(0), call->getArgOperand(1));
  llvm::Value* sum = builder.CreateFAdd(product, call->getArgOperand(2));
  call->replaceAllUsesWith(sum);
  call->eraseFromParent();
}

/// The same under -ffp-model=strict.
void expandConstrainedMultiplyAdd(llvm::ConstrainedFPIntrinsic* call) {
  llvm::IRBuilder<> builder(call);
  builder.setIsFPConstrained(true);
  if (const auto rounding = call->getRoundingMode())
    builder.setDefaultConstrainedRounding(*rounding);
  if (const auto except = call->getExceptionBehavior())
    builder.setDefaultConstrainedExcept(*except);
  llvm::Value* product = builder.CreateFMul(call->getArgOperand(0), call->getArgOperand(1));
  llvm::Value* sum = builder.CreateFAdd(product, call->getArgOperand(2));
  call->replaceAllUsesWith(sum);
  call->eraseFromParent();
}

void keepRoundingOf(llvm::Function& function) {
  for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    if (!llvm::isa<llvm::FPMathOperator>(instruction))
      continue;
    if (instruction.hasAllowContract() && !instruction.hasAllowReassoc())
      instruction.setHasAllowContract(false);
    auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (!call || call->hasAllowReassoc())
      continue;
    if (call->getIntrinsicID() == llvm::Intrinsic::fmuladd)
      expandMultiplyAdd(call);
    else if (call->getIntrinsicID() == llvm::Intrinsic::experimental_constrained_fmuladd)
      expandConstrainedMultiplyAdd(llvm::cast<llvm::ConstrainedFPIntrinsic>(call));
  }
}

bool isWide(const llvm::Type* type) {
  if (const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type))
    return vector->getNumElements() * std::max(8u, vector->getScalarSizeInBits()) >
           128; // narrow elements grow
  return llvm::any_of(type->subtypes(), isWide);
}

bool passesWideVectors(const llvm::FunctionType* type) {
  return isWide(type->getReturnType()) || llvm::any_of(type->params(), isWide);
}

bool passesWideVectors(const llvm::Function& function) {
  if (passesWideVectors(function.getFunctionType()))
    return true;
  return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    return call && !llvm::isa<llvm::IntrinsicInst>(call) && !call->isInlineAsm() &&
           passesWideVectors(call->getFunctionType());
  });
}

} // namespace

TargetAttributes::TargetAttributes(std::string hostFeatures) : hostFeatures_(std::move(hostFeatures)) {
  for (llvm::StringRef feature : llvm::split(hostFeatures_, ',')) {
    if (feature.consume_front("+"))
      hostEnabled_.insert(feature);
  }
}

const TargetAttributes::Features& TargetAttributes::combine(llvm::StringRef own) {
  auto [place, isNew] = combined_.try_emplace(own);
  Features& features = place->second;
  if (!isNew)
    return features;
  features = {true, false, hostFeatures_};
  for (llvm::StringRef feature : llvm::split(own, ',')) {
    const bool wanted = feature.starts_with("+");
    const llvm::StringRef name = feature.drop_front(feature.empty() ? 0 : 1);
    if (name.empty())
      continue;
    if (wanted != hostEnabled_.contains(name)) {
      features.plain = false;
      features.text += "," + feature.str();
    }
    // Every feature set that has one of these has fused multiply-add.
    if (wanted && (name == "fma" || name == "fma4" || name == "avx512f"))
      features.fma = true;
  }
  return features;
}

void TargetAttributes::raise(llvm::Function& function) {
  if (passesWideVectors(function)) {
    // Without attributes the code generator would take the running CPU.
    if (!function.hasFnAttribute("target-cpu"))
      function.addFnAttr("target-cpu", "x86-64");
    if (!function.hasFnAttribute("target-features"))
      function.addFnAttr("target-features", "");
    return;
  }
  const Features& features = combine(function.getFnAttribute("target-features").getValueAsString());
  function.removeFnAttr("target-cpu");
  function.removeFnAttr("tune-cpu");
  function.removeFnAttr("target-features");
  if (!features.plain)
    function.addFnAttr("target-features", features.text);
  if (!features.fma)
    keepRoundingOf(function);
}

} // namespace tiercel
