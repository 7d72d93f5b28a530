// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the registry asks IR values. Thread rule: free functions; the values' context is the caller's.
#pragma once

#include "tiercel/error.h"

#include "base/symbol_text.h"
#include "registry/entries.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/GlobalVariable.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

/// llvm.used, llvm.global_ctors and other names of LLVM's own; intrinsics.
inline bool isReserved(const llvm::GlobalValue& value) { return value.getName().starts_with("llvm."); }

inline llvm::StringRef linkerName(const llvm::GlobalValue& value) {
  return tiercel::linkerName(value.getName());
}

/// The name under which its module has a value.
inline llvm::StringRef nameInModule(const llvm::GlobalValue& value) {
  return value.hasLocalLinkage() ? value.getName() : linkerName(value);
}

/// A definition as far as linking is concerned: available_externally bodies are only hints.
inline bool definesSymbol(const llvm::GlobalValue& value) {
  return !value.isDeclaration() && !value.hasAvailableExternallyLinkage();
}

inline Strength strengthOf(const llvm::GlobalValue& value) {
  if (!definesSymbol(value))
    return Strength::Undefined;
  if (value.hasCommonLinkage())
    return Strength::Common;
  if (value.hasWeakLinkage() || value.hasLinkOnceLinkage())
    return Strength::Weak;
  return Strength::Strong;
}

/// The bytes of prefix data made of integers, which is all that front ends write (kcfi, function type
/// hashes).
inline std::optional<std::vector<std::byte>> prefixBytes(const llvm::Function& function) {
  const auto bytesOf = [](const llvm::APInt& value) {
    const auto* raw = reinterpret_cast<const std::byte*>(value.getRawData());
    return std::vector<std::byte>(raw, raw + value.getBitWidth() / 8);
  };
  const llvm::Constant* data = function.getPrefixData();
  if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(data);
      integer && integer->getBitWidth() % 8 == 0)
    return bytesOf(integer->getValue());
  if (const auto* array = llvm::dyn_cast<llvm::ConstantDataSequential>(data)) {
    const llvm::StringRef raw = array->getRawDataValues();
    const auto* begin = reinterpret_cast<const std::byte*>(raw.data());
    return std::vector<std::byte>(begin, begin + raw.size());
  }
  return std::nullopt;
}

struct AliasTarget {
  const llvm::GlobalValue* base = nullptr;
  int64_t offset = 0;
};

/// Through casts, address arithmetic and other aliases down to what is really there.
inline AliasTarget targetOf(const llvm::GlobalAlias& alias) {
  const llvm::DataLayout& layout = alias.getDataLayout();
  llvm::APInt offset(layout.getIndexTypeSizeInBits(alias.getType()), 0);
  const llvm::Value* base = alias.getAliasee();
  // Bitcode can hold a cycle; nobody writes chains this long.
  for (unsigned steps = 0; steps < 1000; ++steps) {
    base = base->stripAndAccumulateConstantOffsets(layout, offset, /*AllowNonInbounds=*/true);
    const auto* next = llvm::dyn_cast<llvm::GlobalAlias>(base);
    if (!next)
      return {llvm::dyn_cast<llvm::GlobalValue>(base), offset.getSExtValue()};
    base = next->getAliasee();
  }
  return {};
}

inline uint64_t sizeOf(const llvm::GlobalVariable& variable) {
  return variable.getDataLayout().getTypeAllocSize(variable.getValueType());
}

inline uint64_t alignmentOf(const llvm::GlobalVariable& variable) {
  return variable.getDataLayout().getPreferredAlign(&variable).value();
}

/// Whether a variable whose module comes back needs other memory than those who go on using it have.
inline bool needsOtherMemory(const GlobalRecord& record, const llvm::GlobalVariable& variable) {
  return sizeOf(variable) > record.size || alignmentOf(variable) > record.alignment || variable.isConstant();
}

inline Error duplicate(llvm::StringRef name, std::string_view first, std::string_view second) {
  return Error(ErrorKind::DuplicateSymbol, std::string(second),
               "symbol " + symbolText(name) + " is already defined in " + std::string(first));
}

/// The memory of a variable whose module is gone belongs to those who go on using it.
inline Error stillUsed(llvm::StringRef name, const NameEntry& entry, std::string_view second) {
  return Error(ErrorKind::DuplicateSymbol, std::string(second),
               "variable '" + name.str() + "' of a removed module is still used; " +
                   (entry.mentions > 0 ? "remove its users, or define it in IR again"
                                       : "its last users are retired: collect their code first"));
}

} // namespace tiercel
