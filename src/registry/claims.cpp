// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "registry/claims.h"

#include "llvm/ADT/StringExtras.h"

namespace tiercel {

namespace {

bool isClaimKind(llvm::Attribute::AttrKind kind) {
  switch (kind) {
  // The ABI.
  case llvm::Attribute::ByVal:
  case llvm::Attribute::ByRef:
  case llvm::Attribute::StructRet:
  case llvm::Attribute::InAlloca:
  case llvm::Attribute::Preallocated:
  case llvm::Attribute::InReg:
  case llvm::Attribute::Nest:
  case llvm::Attribute::SExt:
  case llvm::Attribute::ZExt:
  case llvm::Attribute::NoExt:
  case llvm::Attribute::StackAlignment:
  case llvm::Attribute::SwiftSelf:
  case llvm::Attribute::SwiftError:
  case llvm::Attribute::SwiftAsync:
  case llvm::Attribute::ElementType:
  case llvm::Attribute::ImmArg:
  // Restrictions: without them less is allowed than with them is forbidden.
  case llvm::Attribute::Convergent:
  case llvm::Attribute::ReturnsTwice:
  case llvm::Attribute::StrictFP:
  case llvm::Attribute::NoDuplicate:
  case llvm::Attribute::NoMerge:
  case llvm::Attribute::NoBuiltin:
  case llvm::Attribute::NullPointerIsValid:
  case llvm::Attribute::PresplitCoroutine:
  // How code is made, and hints of what is worth the effort.
  case llvm::Attribute::AlwaysInline:
  case llvm::Attribute::NoInline:
  case llvm::Attribute::InlineHint:
  case llvm::Attribute::OptimizeNone:
  case llvm::Attribute::OptimizeForSize:
  case llvm::Attribute::OptimizeForDebugging:
  case llvm::Attribute::MinSize:
  case llvm::Attribute::Hot:
  case llvm::Attribute::Cold:
  case llvm::Attribute::Naked:
  case llvm::Attribute::NonLazyBind:
  case llvm::Attribute::UWTable:
  case llvm::Attribute::StackProtect:
  case llvm::Attribute::StackProtectReq:
  case llvm::Attribute::StackProtectStrong:
  case llvm::Attribute::SafeStack:
  case llvm::Attribute::ShadowCallStack:
  case llvm::Attribute::JumpTable:
  case llvm::Attribute::NoImplicitFloat:
  case llvm::Attribute::NoRedZone:
  case llvm::Attribute::NoCfCheck:
  case llvm::Attribute::NoProfile:
  case llvm::Attribute::SkipProfile:
  case llvm::Attribute::FnRetThunkExtern:
  case llvm::Attribute::HybridPatchable:
  case llvm::Attribute::OptForFuzzing:
  case llvm::Attribute::DisableSanitizerInstrumentation:
  case llvm::Attribute::NoSanitizeBounds:
  case llvm::Attribute::NoSanitizeCoverage:
  case llvm::Attribute::SanitizeAddress:
  case llvm::Attribute::SanitizeAllocToken:
  case llvm::Attribute::SanitizeHWAddress:
  case llvm::Attribute::SanitizeMemTag:
  case llvm::Attribute::SanitizeMemory:
  case llvm::Attribute::SanitizeNumericalStability:
  case llvm::Attribute::SanitizeRealtime:
  case llvm::Attribute::SanitizeRealtimeBlocking:
  case llvm::Attribute::SanitizeThread:
  case llvm::Attribute::SanitizeType:
  case llvm::Attribute::SpeculativeLoadHardening:
    return false;
  default:
    return true;
  }
}

std::string placeText(unsigned index) {
  if (index == llvm::AttributeList::FunctionIndex)
    return "function ";
  if (index == llvm::AttributeList::ReturnIndex)
    return "result ";
  return "argument " + llvm::utostr(index - llvm::AttributeList::FirstArgIndex) + " ";
}

std::string claimText(unsigned index, const llvm::Attribute& attribute) {
  return placeText(index) + attribute.getAsString();
}

bool isClaim(const llvm::AttributeSet& set, const llvm::Attribute& attribute) {
  if (!attribute.isStringAttribute()) {
    // What by-value arguments are aligned to is how they are passed.
    const bool passed =
        attribute.hasAttribute(llvm::Attribute::Alignment) && set.hasAttribute(llvm::Attribute::ByVal);
    return !passed && isClaimKind(attribute.getKindAsEnum());
  }
  // Most texts are options of the code generator's.
  const llvm::StringRef kind = attribute.getKindAsString();
  return kind.starts_with("alloc-") || kind == "vector-function-abi-variant" ||
         kind == "no_caller_saved_registers" || kind == "no_callee_saved_registers" ||
         kind.starts_with("nosanitize_memory_");
}

} // namespace

std::vector<std::string> claimTexts(const llvm::AttributeList& list) {
  std::vector<std::string> texts;
  for (unsigned index : list.indexes()) {
    const llvm::AttributeSet set = list.getAttributes(index);
    for (const llvm::Attribute& attribute : set) {
      if (isClaim(set, attribute))
        texts.push_back(claimText(index, attribute));
    }
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

llvm::AttributeList withConfirmedClaims(llvm::LLVMContext& context, const llvm::AttributeList& list,
                                        const Claims& confirmed) {
  llvm::AttributeList result = list;
  for (unsigned index : list.indexes()) {
    const llvm::AttributeSet set = list.getAttributes(index);
    for (const llvm::Attribute& attribute : set) {
      if (!isClaim(set, attribute) || confirmed.contains(claimText(index, attribute)))
        continue;
      result = attribute.isStringAttribute()
                   ? result.removeAttributeAtIndex(context, index, attribute.getKindAsString())
                   : result.removeAttributeAtIndex(context, index, attribute.getKindAsEnum());
    }
  }
  return result;
}

bool hasOtherClaims(const llvm::AttributeList& list, const llvm::AttributeList& believed) {
  for (unsigned index : list.indexes()) {
    const llvm::AttributeSet set = list.getAttributes(index), others = believed.getAttributes(index);
    for (const llvm::Attribute& attribute : set) {
      if (!isClaim(set, attribute))
        continue;
      const llvm::Attribute other = attribute.isStringAttribute()
                                        ? others.getAttribute(attribute.getKindAsString())
                                        : others.getAttribute(attribute.getKindAsEnum());
      if (other != attribute) // unique in their context
        return true;
    }
  }
  return false;
}

llvm::AttributeList DeclaredAttributes::confirmed(llvm::LLVMContext& context, const llvm::AttributeList& list,
                                                  const Claims& said) {
  const auto [known, isNew] = confirmed_.try_emplace({list.getRawPointer(), &said});
  if (isNew)
    known->second = withConfirmedClaims(context, list, said);
  return known->second;
}

llvm::AttributeList DeclaredAttributes::nonLazyBind(llvm::LLVMContext& context,
                                                    const llvm::AttributeList& list) {
  llvm::AttributeList& known = nonLazyBind_[list.getRawPointer()];
  if (known.isEmpty()) // the list with it is not
    known = list.addFnAttribute(context, llvm::Attribute::NonLazyBind);
  return known;
}

const Claims* ClaimsTable::keep(std::vector<std::string> texts) {
  std::unique_ptr<const Claims>& set = sets_[texts];
  if (!set)
    set = std::make_unique<const Claims>(Claims{texts, strongHash(llvm::join(texts, "\n"))});
  return set.get();
}

} // namespace tiercel
