// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is refused, found before anything of an image is entered.
#include "registry/registry.h"
#include "registry/values.h"

namespace tiercel {

namespace {

/// What this registry cannot express; found before anything of an image is entered.
Status checkSupported(const llvm::GlobalValue& value, const std::string& image) {
  if (!value.hasName())
    return Error(ErrorKind::BadInput, image,
                 llvm::isa<llvm::Function>(value)
                     ? "a function is declared without a name: nothing can define it"
                     : "a variable is declared without a name: nothing can define it");
  if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(&value)) {
    const AliasTarget target = targetOf(*alias);
    if (!target.base)
      return Error(ErrorKind::Unsupported, image,
                   "alias '" + value.getName().str() + "' is an expression without a base object");
    if (target.offset != 0 && !llvm::isa<llvm::GlobalVariable>(target.base))
      return Error(ErrorKind::Unsupported, image,
                   "alias '" + value.getName().str() + "' points into a function");
  }
  if (const auto* function = llvm::dyn_cast<llvm::Function>(&value);
      function && function->hasPrefixData() && !prefixBytes(*function))
    return Error(ErrorKind::Unsupported, image,
                 "function '" + value.getName().str() +
                     "' has prefix data that is not made of plain numbers");
  return {};
}

} // namespace

/// What is in use keeps its memory when another module defines it as well: that must be enough for both.
Status Registry::checkRoom(const llvm::GlobalValue& value, const NameEntry& name, const std::string& image,
                           const AddRules& rules) {
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  if (!variable || name.strength == Strength::Undefined || !isVariable(name.ref) || !isFixed(name) ||
      (rules.redefine && isOf(name.ref, rules.module)))
    return {};
  const GlobalRecord& record = globals_[name.ref.id];
  if (record.threadLocal || (sizeOf(*variable) <= record.size && alignmentOf(*variable) <= record.alignment))
    return {};
  return Error(ErrorKind::BadInput, image,
               "variable '" + linkerName(value).str() + "' has " + std::to_string(sizeOf(*variable)) +
                   " bytes here, aligned to " + std::to_string(alignmentOf(*variable)) +
                   ", and is in use with " + std::to_string(record.size) + ", aligned to " +
                   std::to_string(record.alignment) + ", as defined in " + *name.definedIn);
}

/// Native code is linked once: it would go on with the old memory.
Status Registry::checkNativeUsers(const llvm::GlobalValue& value, const NameEntry& name, uint32_t ordinal,
                                  const AddRules& rules) {
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  if (!variable || name.nativeMentions == 0 || !isVariable(name.ref) || !isFixed(name))
    return {};
  const GlobalRecord& record = globals_[name.ref.id];
  const bool stays = rules.redefine
                         ? !isOf(name.ref, rules.module) || rules.likeness[ordinal] == Likeness::Same ||
                               (rules.likeness[ordinal] == Likeness::SameStorage &&
                                !record.constant.load(std::memory_order_relaxed))
                         : name.strength != Strength::Undefined || !needsOtherMemory(record, *variable);
  if (stays)
    return {};
  return Error(ErrorKind::Unsupported, "redefinition of '" + linkerName(value).str() + "'",
               "native code has its address, and cannot be linked anew; remove that and add it again");
}

/// A variable whose module is gone and that is known by the name of an alias: whoever uses it would not
/// notice that the name means something else. The alias may come back.
Status Registry::checkOrphan(const llvm::GlobalValue& value, const NameEntry& name,
                             const std::string& image) {
  if (!name.orphaned || name.ownsRecord)
    return {};
  if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(&value)) {
    const auto target = names_.find(linkerName(*targetOf(*alias).base));
    if (target != names_.end() && target->second.ref.kind == name.ref.kind &&
        target->second.ref.id == name.ref.id)
      return {};
  }
  return stillUsed(linkerName(value), name, image);
}

Status Registry::checkBeforeEntering(const ProgramImage& image, ImageReader& reader, const AddRules& rules) {
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *reader.value(ordinal);
    if (Status status = checkSupported(value, image.name); !status)
      return status;
    if (!definesSymbol(value) || value.hasLocalLinkage() || isReserved(value))
      continue;
    const auto found = names_.find(linkerName(value));
    if (found == names_.end())
      continue;
    const NameEntry& name = found->second;
    if (Status status = checkNativeUsers(value, name, ordinal, rules); !status)
      return status;
    if (Status status = checkOrphan(value, name, image.name); !status)
      return status;
    if (Status status = checkRoom(value, name, image.name, rules); !status)
      return status;
    if (strengthOf(value) == Strength::Strong && name.strength == Strength::Strong &&
        !(name.inComdat && value.hasComdat()) && !(rules.redefine && isOf(name.ref, rules.module)))
      return duplicate(linkerName(value), *name.definedIn, image.name);
  }
  return {};
}

} // namespace tiercel
