// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/abi.h"

#include "unit/same_body.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

namespace tiercel {

namespace {

/// Of a result or an argument.
constexpr llvm::Attribute::AttrKind kPassing[] = {
    llvm::Attribute::ZExt,       llvm::Attribute::SExt,          llvm::Attribute::NoExt,
    llvm::Attribute::InReg,      llvm::Attribute::ByVal,         llvm::Attribute::ByRef,
    llvm::Attribute::StructRet,  llvm::Attribute::InAlloca,      llvm::Attribute::Preallocated,
    llvm::Attribute::Nest,       llvm::Attribute::SwiftSelf,     llvm::Attribute::SwiftError,
    llvm::Attribute::SwiftAsync, llvm::Attribute::StackAlignment};
/// Of the whole function: what its callers must be compiled for.
constexpr llvm::Attribute::AttrKind kCalling[] = {llvm::Attribute::ReturnsTwice};
/// The same, of LLVM's attributes that are texts.
constexpr const char* kSaving[] = {"no_caller_saved_registers", "no_callee_saved_registers"};

std::string typeText(const llvm::Type& type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::string conventionText(llvm::CallingConv::ID convention) {
  switch (convention) {
  case llvm::CallingConv::C:
    return "";
  case llvm::CallingConv::Fast:
    return "fastcc ";
  case llvm::CallingConv::Cold:
    return "coldcc ";
  case llvm::CallingConv::GHC:
    return "ghccc ";
  case llvm::CallingConv::PreserveMost:
    return "preserve_mostcc ";
  case llvm::CallingConv::PreserveAll:
    return "preserve_allcc ";
  case llvm::CallingConv::PreserveNone:
    return "preserve_nonecc ";
  case llvm::CallingConv::Tail:
    return "tailcc ";
  case llvm::CallingConv::Swift:
    return "swiftcc ";
  case llvm::CallingConv::SwiftTail:
    return "swifttailcc ";
  case llvm::CallingConv::Win64:
    return "win64cc ";
  case llvm::CallingConv::X86_64_SysV:
    return "x86_64_sysvcc ";
  case llvm::CallingConv::X86_RegCall:
    return "x86_regcallcc ";
  case llvm::CallingConv::X86_VectorCall:
    return "x86_vectorcallcc ";
  case llvm::CallingConv::X86_FastCall:
    return "x86_fastcallcc ";
  case llvm::CallingConv::X86_StdCall:
    return "x86_stdcallcc ";
  case llvm::CallingConv::X86_ThisCall:
    return "x86_thiscallcc ";
  default:
    return "cc " + llvm::utostr(convention) + " ";
  }
}

/// How a result or an argument is passed: " zeroext", " byval(16 bytes, align 8)".
std::string passingText(const llvm::Function& function, unsigned index) {
  const llvm::AttributeSet set = function.getAttributes().getAttributes(index);
  std::string text;
  for (llvm::Attribute::AttrKind kind : kPassing) {
    if (!set.hasAttribute(kind))
      continue;
    const llvm::Attribute attribute = set.getAttribute(kind);
    // Where results go is an address, whatever is there.
    if (!attribute.isTypeAttribute() || kind == llvm::Attribute::StructRet) {
      text += " " + (attribute.isTypeAttribute() ? llvm::Attribute::getNameFromAttrKind(kind).str()
                                                 : attribute.getAsString());
      continue;
    }
    const llvm::DataLayout& layout = function.getDataLayout();
    llvm::Type* type = attribute.getValueAsType();
    const llvm::MaybeAlign given = set.getAlignment();
    text += " " + llvm::Attribute::getNameFromAttrKind(kind).str() + "(" +
            llvm::utostr(layout.getTypeAllocSize(type)) + " bytes, align " +
            llvm::utostr(given ? given->value() : layout.getABITypeAlign(type).value()) + ")";
  }
  return text;
}

/// Vectors of more than 128 bits are passed in registers that a CPU has or not.
std::string wideVectorText(const llvm::Function& function) {
  const auto isWide = [&](llvm::Type* type) {
    return type->isVectorTy() && function.getDataLayout().getTypeSizeInBits(type).getKnownMinValue() > 128;
  };
  if (!isWide(function.getReturnType()) && llvm::none_of(function.getFunctionType()->params(), isWide))
    return "";
  return " with the vectors of " + function.getFnAttribute("target-cpu").getValueAsString().str() + " " +
         function.getFnAttribute("target-features").getValueAsString().str();
}

bool mayUnwind(const llvm::Function& function) { return !function.doesNotThrow(); }

bool isFollowedByNothing(const llvm::CallBase& call) {
  if (const auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(&call))
    return llvm::isa<llvm::UnreachableInst>(invoke->getNormalDest()->getFirstNonPHIOrDbg());
  const llvm::Instruction* next = call.getNextNode();
  return next && llvm::isa<llvm::UnreachableInst>(next);
}

} // namespace

bool isSameAbi(const llvm::Function& a, const llvm::Function& b) {
  if (a.getCallingConv() != b.getCallingConv() || !isSameType(*a.getFunctionType(), *b.getFunctionType()) ||
      wideVectorText(a) != wideVectorText(b))
    return false;
  for (llvm::Attribute::AttrKind kind : kCalling) {
    if (a.hasFnAttribute(kind) != b.hasFnAttribute(kind))
      return false;
  }
  for (const char* kind : kSaving) {
    if (a.hasFnAttribute(kind) != b.hasFnAttribute(kind))
      return false;
  }
  if (passingText(a, llvm::AttributeList::ReturnIndex) != passingText(b, llvm::AttributeList::ReturnIndex))
    return false;
  for (unsigned i = 0; i < a.arg_size(); ++i) {
    const unsigned index = llvm::AttributeList::FirstArgIndex + i;
    if (passingText(a, index) != passingText(b, index))
      return false;
  }
  return true;
}

std::string signatureText(const llvm::Function& function) {
  std::string text = conventionText(function.getCallingConv()) + typeText(*function.getReturnType()) +
                     passingText(function, llvm::AttributeList::ReturnIndex) + " (";
  for (unsigned i = 0; i < function.arg_size(); ++i)
    text += (i ? ", " : "") + typeText(*function.getFunctionType()->getParamType(i)) +
            passingText(function, llvm::AttributeList::FirstArgIndex + i);
  if (function.isVarArg())
    text += function.arg_size() ? ", ..." : "...";
  text += ")" + wideVectorText(function);
  for (llvm::Attribute::AttrKind kind : kCalling) {
    if (function.hasFnAttribute(kind))
      text += " " + llvm::Attribute::getNameFromAttrKind(kind).str();
  }
  for (const char* kind : kSaving) {
    if (function.hasFnAttribute(kind))
      text += std::string(" ") + kind;
  }
  return text;
}

ShapeClaims newBehaviour(const llvm::Function& before, const llvm::Function& after) {
  return {.unwinds = !mayUnwind(before) && mayUnwind(after),
          .returns = before.doesNotReturn() && !after.doesNotReturn()};
}

bool reliesOnShape(const llvm::Function& caller, const llvm::GlobalValue& callee, const ShapeClaims& news) {
  // A caller that neither says that nothing leaves it by unwinding nor has landing pads lets everything pass.
  const bool stops = caller.doesNotThrow() || caller.hasPersonalityFn();
  for (const llvm::Instruction& instruction : llvm::instructions(caller)) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (!call || call->getCalledOperand()->stripPointerCasts() != &callee)
      continue;
    if ((news.unwinds && stops && !llvm::isa<llvm::InvokeInst>(call)) ||
        (news.returns && isFollowedByNothing(*call)))
      return true;
  }
  return false;
}

} // namespace tiercel
