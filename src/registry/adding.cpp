// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entering images and objects.
#include "registry/registry.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/GlobalVariable.h"

#include <algorithm>
#include <optional>

namespace tiercel {

namespace {

/// llvm.used, llvm.global_ctors and other names of LLVM's own; intrinsics.
bool isReserved(const llvm::GlobalValue& value) { return value.getName().starts_with("llvm."); }

llvm::StringRef linkerName(const llvm::GlobalValue& value) { return tiercel::linkerName(value.getName()); }

/// A definition as far as linking is concerned: available_externally bodies are only hints.
bool definesSymbol(const llvm::GlobalValue& value) {
  return !value.isDeclaration() && !value.hasAvailableExternallyLinkage();
}

/// The bytes of prefix data made of integers, which is all that front ends write (kcfi, function type
/// hashes).
std::optional<std::vector<std::byte>> prefixBytes(const llvm::Function& function) {
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
AliasTarget targetOf(const llvm::GlobalAlias& alias) {
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

/// What this registry cannot express; found before anything of an image is entered.
Status checkSupported(const llvm::GlobalValue& value, const std::string& image) {
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

uint64_t sizeOf(const llvm::GlobalVariable& variable) {
  return variable.getDataLayout().getTypeAllocSize(variable.getValueType());
}

uint64_t alignmentOf(const llvm::GlobalVariable& variable) {
  return variable.getDataLayout().getPreferredAlign(&variable).value();
}

Error duplicate(llvm::StringRef name, std::string_view first, std::string_view second) {
  return Error(ErrorKind::DuplicateSymbol, std::string(second),
               "symbol '" + name.str() + "' is already defined in " + std::string(first));
}

/// The memory of a variable whose module is gone belongs to those who go on using it.
Error stillUsed(llvm::StringRef name, const NameEntry& entry, std::string_view second) {
  return Error(ErrorKind::DuplicateSymbol, std::string(second),
               "variable '" + name.str() + "' of a removed module is still used; " +
                   (entry.mentions > 0 ? "remove its users, or define it in IR again"
                                       : "its last users are retired: collect their code first"));
}

} // namespace

Strength Registry::strengthOf(const llvm::GlobalValue& value) {
  if (!definesSymbol(value))
    return Strength::Undefined;
  if (value.hasCommonLinkage())
    return Strength::Common;
  if (value.hasWeakLinkage() || value.hasLinkOnceLinkage())
    return Strength::Weak;
  return Strength::Strong;
}

bool Registry::isFixed(const NameEntry& entry) {
  switch (entry.ref.kind) {
  case SymbolKind::Function:
    return functions_[entry.ref.id].state() != FirstCompile::Lazy;
  case SymbolKind::Data:
  case SymbolKind::Thread:
    return globals_[entry.ref.id].address.load(std::memory_order_acquire) != nullptr;
  case SymbolKind::Object:
    return linkedObjects_.contains(entry.ref.id);
  default:
    return false;
  }
}

bool Registry::claims(const NameEntry& entry, Strength strength) {
  // Nothing is fixed by a definition that is gone, even while somebody still compiles it.
  return strength > entry.strength && (entry.strength == Strength::Undefined || !isFixed(entry));
}

Result<FunctionRecord*> Registry::newFunction(llvm::StringRef name) {
  const FunctionId id(static_cast<uint32_t>(functions_.size()));
  // The table first: whoever finds the record may use its stub at once.
  if (Status status = table_.growTo(id.value + 1); !status)
    return status.takeError();
  FunctionRecord* record = functions_.append(id, view(strings_.save(name)));
  if (!record)
    return Error(ErrorKind::Environment, "registry", "too many functions");
  return record;
}

Result<GlobalRecord*> Registry::newGlobal(llvm::StringRef name) {
  if (!freeGlobals_.empty()) {
    GlobalRecord& record = globals_[freeGlobals_.back().value];
    freeGlobals_.pop_back();
    record.name = view(strings_.save(name));
    return &record;
  }
  GlobalRecord* record =
      globals_.append(GlobalId(static_cast<uint32_t>(globals_.size())), view(strings_.save(name)));
  if (!record)
    return Error(ErrorKind::Environment, "registry", "too many globals");
  return record;
}

Status Registry::defineFunction(FunctionRecord& record, bool isNew, const llvm::GlobalValue& value,
                                Definition where, std::vector<FunctionId>& changed) {
  const auto* function = llvm::dyn_cast<llvm::Function>(&value);
  if (isNew && function && function->hasPrefixData()) {
    if (Status status = table_.placeBehind(record.id, *prefixBytes(*function)); !status)
      return status;
  }
  record.isIfunc.store(llvm::isa<llvm::GlobalIFunc>(value), std::memory_order_relaxed);
  changeFunction(record, where, changed);
  return {};
}

void Registry::defineGlobal(GlobalRecord& record, const llvm::GlobalVariable& variable, Definition where) {
  const llvm::DataLayout& layout = variable.getDataLayout();
  const uint64_t size = layout.getTypeAllocSize(variable.getValueType());
  // Of several tentative definitions the largest counts.
  record.size = variable.hasCommonLinkage() ? std::max(record.size, size) : size;
  record.alignment = std::max<uint64_t>(layout.getPreferredAlign(&variable).value(), record.alignment);
  record.threadLocal = variable.isThreadLocal();
  record.constant.store(variable.isConstant(), std::memory_order_relaxed);
  if (variable.hasSection() && record.section.empty()) {
    record.section = view(strings_.save(variable.getSection()));
    sections_[variable.getSection()].push_back(record.id);
    // The members of a section are laid out as an array: no more alignment than was asked for.
    record.alignment = variable.getAlign() ? variable.getAlign()->value()
                                           : layout.getABITypeAlign(variable.getValueType()).value();
  }
  const Definition before = record.definition.load();
  const bool held = record.holdsImage;
  setDefinition(record, where);
  record.holdsImage = !(variable.hasLocalLinkage() && variable.isConstant());
  if (record.holdsImage)
    countInForce(where, 1);
  if (held) // afterwards: it may be the same image, which would end between the two
    countInForce(before, -1);
}

Status Registry::checkBeforeEntering(const ProgramImage& image, ImageReader& reader, const AddRules& rules) {
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *reader.value(ordinal);
    if (Status status = checkSupported(value, image.name); !status)
      return status;
    if (Status status = checkNativeUsers(value, ordinal, rules); !status)
      return status;
    if (Status status = checkOrphan(value, image.name); !status)
      return status;
    if (Status status = checkRoom(value, image.name, rules); !status)
      return status;
    if (strengthOf(value) != Strength::Strong || value.hasLocalLinkage() || isReserved(value))
      continue;
    auto found = names_.find(linkerName(value));
    if (found != names_.end() && found->second.strength == Strength::Strong &&
        !(found->second.inComdat && value.hasComdat()) &&
        !(rules.redefine && isOf(found->second.ref, rules.module)))
      return duplicate(linkerName(value), found->second.definedIn, image.name);
  }
  return {};
}

/// A variable whose module is gone and that is known by the name of an alias: whoever uses it would not
/// notice that the name means something else. The alias may come back.
Status Registry::checkOrphan(const llvm::GlobalValue& value, const std::string& image) {
  if (!definesSymbol(value) || value.hasLocalLinkage())
    return {};
  const auto found = names_.find(linkerName(value));
  if (found == names_.end() || !found->second.orphaned || found->second.ownsRecord)
    return {};
  if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(&value)) {
    const auto target = names_.find(linkerName(*targetOf(*alias).base));
    if (target != names_.end() && target->second.ref.kind == found->second.ref.kind &&
        target->second.ref.id == found->second.ref.id)
      return {};
  }
  return stillUsed(linkerName(value), found->second, image);
}

bool Registry::needsOtherMemory(const GlobalRecord& record, const llvm::GlobalVariable& variable) {
  return sizeOf(variable) > record.size || alignmentOf(variable) > record.alignment || variable.isConstant();
}

/// What is in use keeps its memory when another module defines it as well: that must be enough for both.
Status Registry::checkRoom(const llvm::GlobalValue& value, const std::string& image, const AddRules& rules) {
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  if (!variable || !definesSymbol(value) || value.hasLocalLinkage())
    return {};
  const auto found = names_.find(linkerName(value));
  if (found == names_.end() || found->second.strength == Strength::Undefined ||
      !isVariable(found->second.ref) || !isFixed(found->second) ||
      (rules.redefine && isOf(found->second.ref, rules.module)))
    return {};
  const GlobalRecord& record = globals_[found->second.ref.id];
  if (record.threadLocal || (sizeOf(*variable) <= record.size && alignmentOf(*variable) <= record.alignment))
    return {};
  return Error(ErrorKind::BadInput, image,
               "variable '" + linkerName(value).str() + "' has " + std::to_string(sizeOf(*variable)) +
                   " bytes here, aligned to " + std::to_string(alignmentOf(*variable)) +
                   ", and is in use with " + std::to_string(record.size) + ", aligned to " +
                   std::to_string(record.alignment) + ", as defined in " +
                   std::string(found->second.definedIn));
}

/// Native code is linked once: it would go on with the old memory.
Status Registry::checkNativeUsers(const llvm::GlobalValue& value, uint32_t ordinal, const AddRules& rules) {
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  if (!variable || !definesSymbol(value) || value.hasLocalLinkage())
    return {};
  const auto found = names_.find(linkerName(value));
  if (found == names_.end() || found->second.nativeMentions == 0 || !isVariable(found->second.ref) ||
      !isFixed(found->second))
    return {};
  const GlobalRecord& record = globals_[found->second.ref.id];
  const bool stays =
      rules.redefine ? !isOf(found->second.ref, rules.module) || rules.likeness[ordinal] == Likeness::Same ||
                           (rules.likeness[ordinal] == Likeness::SameStorage &&
                            !record.constant.load(std::memory_order_relaxed))
                     : found->second.strength != Strength::Undefined || !needsOtherMemory(record, *variable);
  if (stays)
    return {};
  return Error(ErrorKind::Unsupported, "redefinition of '" + linkerName(value).str() + "'",
               "native code has its address, and cannot be linked anew; remove that and add it again");
}

Status Registry::reserveFor(ImageReader& reader) {
  size_t functions = 0, variables = 0;
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal)
    ++(llvm::isa<llvm::GlobalVariable>(reader.value(ordinal)) ? variables : functions);
  if (!functions_.hasRoomFor(functions))
    return Error(ErrorKind::Environment, "registry", "too many functions");
  if (!globals_.hasRoomFor(variables))
    return Error(ErrorKind::Environment, "registry", "too many globals");
  return table_.growTo(functions_.size() + functions);
}

Result<ImageId> Registry::newImage() {
  if (!freeImages_.empty()) {
    const ImageId id = freeImages_.back();
    freeImages_.pop_back();
    return id;
  }
  const ImageId id(static_cast<uint32_t>(images_.size()));
  if (!images_.append())
    return Error(ErrorKind::Environment, "registry", "too many modules");
  return id;
}

Result<Change> Registry::add(std::shared_ptr<const ProgramImage> image, ImageReader& reader,
                             const AddRules& rules) {
  LockGuard lock(mutex_);
  if (Status status = checkBeforeEntering(*image, reader, rules); !status)
    return status.takeError();
  if (Status status = reserveFor(reader); !status)
    return status.takeError();
  Result<ImageId> id = newImage();
  if (!id)
    return id.takeError();
  ImageEntry& entry = images_[id->value];
  entry = ImageEntry();
  entry.module = rules.module.empty() ? image->name : rules.module;
  if (!modules_.contains(entry.module))
    ++incarnations_[entry.module];
  entry.incarnation = incarnations_[entry.module];
  entry.image = std::move(image);
  entry.redefines = rules.redefine;
  entry.values.resize(reader.valueCount());
  modules_[entry.module].push_back(*id);

  Adding adding{*id, entry, reader, rules};
  // What internal names meant before: entering what comes first may end the image that has the others.
  adding.before.resize(reader.valueCount());
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    if (const llvm::GlobalValue& value = *reader.value(ordinal); value.hasLocalLinkage() && value.hasName())
      adding.before[ordinal] = internalOf(entry.module, value.getName());
  }
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *reader.value(ordinal);
    if (value.hasLocalLinkage() || isReserved(value) || value.hasExternalWeakLinkage())
      continue;
    Name& name = *names_.try_emplace(linkerName(value)).first;
    ++name.second.mentions;
    entry.mentioned.push_back(&name);
  }
  Status entered = placePrefixes(adding);
  if (entered)
    entered = enterAll(adding);
  if (!entered) {
    takeOut({&*id, 1});
    return entered.takeError();
  }
  if (rules.redefine && entry.inForce == 0) { // all of it was there already
    std::erase(modules_[entry.module], *id);
    retireImage(*id);
  }
  const std::vector<FunctionId> rebound = takeRebound();
  adding.changed.insert(adding.changed.end(), rebound.begin(), rebound.end());
  return Change{*id, std::move(adding.changed), std::move(adding.renewed)};
}

/// They need code memory, of which there may be none left: before anything is changed.
Status Registry::placePrefixes(Adding& adding) {
  for (uint32_t ordinal = 0; ordinal < adding.reader.valueCount(); ++ordinal) {
    const auto* function = llvm::dyn_cast<llvm::Function>(adding.reader.value(ordinal));
    if (!function || !function->hasPrefixData() || !definesSymbol(*function))
      continue;
    Name* name = function->hasLocalLinkage() ? nullptr : &*names_.try_emplace(linkerName(*function)).first;
    if ((name ? name->second.ref : adding.before[ordinal]).kind != SymbolKind::None)
      continue; // it has an address already, or takes over what is something else
    Result<FunctionRecord*> record = newFunction(function->getName());
    if (!record)
      return record.takeError();
    if (Status status = table_.placeBehind((*record)->id, *prefixBytes(*function)); !status)
      return status;
    const SymbolRef ref{SymbolKind::Function, (*record)->id.value, 0};
    if (name) {
      bind(*name, ref);
      name->second.ownsRecord = true;
    } else {
      adding.before[ordinal] = ref;
    }
  }
  return {};
}

Status Registry::enterAll(Adding& adding) {
  // Aliases last: they refer to what is entered before them.
  for (const bool aliases : {false, true}) {
    for (uint32_t ordinal = 0; ordinal < adding.reader.valueCount(); ++ordinal) {
      if (llvm::isa<llvm::GlobalAlias>(adding.reader.value(ordinal)) != aliases)
        continue;
      if (Status status = aliases ? enterAlias(adding, ordinal) : enterValue(adding, ordinal); !status)
        return status;
    }
  }
  return {};
}

/// Whether a definition of a redefinition leaves what the module has as it is.
bool Registry::leaves(const Adding& adding, uint32_t ordinal, const SymbolRef& known) {
  switch (adding.rules.likeness[ordinal]) {
  case Likeness::Different:
    return false;
  case Likeness::SameStorage:
    return isVariable(known) && globals_[known.id].address.load(std::memory_order_relaxed) != nullptr;
  case Likeness::Same:
    return true;
  }
  return false;
}

Status Registry::enterInternal(Adding& adding, uint32_t ordinal) {
  const llvm::GlobalValue& value = *adding.reader.value(ordinal);
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  const Definition where{adding.id, ordinal};
  const AddRules& rules = adding.rules;
  SymbolRef& ref = adding.entry.values[ordinal];
  if (value.hasName())
    adding.entry.internalNames[value.getName()] = ordinal;
  const SymbolRef known = adding.before[ordinal];
  if (variable) {
    const bool sameKind = known.kind == (variable->isThreadLocal() ? SymbolKind::Thread : SymbolKind::Data);
    // What is said again word for word is not there twice: redefinitions would pile up strings.
    if (rules.redefine && sameKind && variable->isConstant() && leaves(adding, ordinal, known)) {
      ref = known;
      globals_[known.id].sharers.push_back(where);
      return {};
    }
    // A constant's users were compiled with it; those of the new one use the new one.
    if (rules.redefine && sameKind && !variable->isConstant() &&
        !globals_[known.id].constant.load(std::memory_order_relaxed)) {
      ref = known;
      if (!leaves(adding, ordinal, known))
        redefineVariable(adding, globals_[known.id], *variable, where);
      return {};
    }
    Result<GlobalRecord*> record = newGlobal(value.getName());
    if (!record)
      return record.takeError();
    defineGlobal(**record, *variable, where);
    ref = {variable->isThreadLocal() ? SymbolKind::Thread : SymbolKind::Data, (*record)->id.value, 0};
    if (variable->isThreadLocal())
      adding.entry.threadLocals.push_back((*record)->id);
    return {};
  }
  if (known.kind == SymbolKind::Function &&
      (rules.redefine || !functions_[known.id].definition.load().exists())) {
    ref = known;
    return rules.redefine && leaves(adding, ordinal, known)
               ? Status()
               : defineFunction(functions_[known.id], /*isNew=*/false, value, where, adding.changed);
  }
  Result<FunctionRecord*> record = newFunction(value.getName());
  if (!record)
    return record.takeError();
  ref = {SymbolKind::Function, (*record)->id.value, 0};
  return defineFunction(**record, /*isNew=*/true, value, where, adding.changed);
}

void Registry::redefineVariable(Adding& adding, GlobalRecord& record, const llvm::GlobalVariable& variable,
                                Definition where) {
  if (std::byte* old = record.address.load(std::memory_order_relaxed); old && !record.threadLocal)
    adding.entry.formerStorage.push_back({old, record.size, record.alignment});
  if (record.address.load(std::memory_order_relaxed))
    adding.renewed.push_back(record.id);
  record.address.store(nullptr, std::memory_order_release);
  record.written = false;
  record.initialised.store(false, std::memory_order_release);
  record.size = 0;
  record.alignment = 1;
  defineGlobal(record, variable, where);
  if (record.threadLocal)
    adding.entry.threadLocals.push_back(record.id);
}

/// The record of an earlier, weaker definition is kept: it may have been handed out already. Unless it has an
/// alias, which goes on standing for that definition.
bool Registry::keepsRecord(const NameEntry& name, const AddRules& rules) {
  return name.ownsRecord && (!name.aliased || rules.redefine || name.strength == Strength::Undefined);
}

Status Registry::enterVariable(Adding& adding, const llvm::GlobalVariable& variable, Name& name,
                               Definition where, bool merges) {
  GlobalId id(name.second.ref.id);
  if (!keepsRecord(name.second, adding.rules) || !isVariable(name.second.ref)) {
    Result<GlobalRecord*> made = newGlobal(variable.getName());
    if (!made)
      return made.takeError();
    id = (*made)->id;
  }
  GlobalRecord& record = globals_[id.value];
  const bool hasStorage = record.address.load(std::memory_order_relaxed) != nullptr;
  if (adding.rules.redefine)
    adding.renewed.push_back(record.id); // whoever knows what was in it, or folded it
  if (hasStorage && (adding.rules.redefine || needsOtherMemory(record, variable))) {
    redefineVariable(adding, record, variable, where);
  } else if (hasStorage && record.threadLocal) { // its place is in the block of the image that it came with
  } else if (hasStorage) { // its module comes back: those who went on using it keep what is in it
    countInForce(record.definition.load(), -1);
    setDefinition(record, where);
    countInForce(where, 1);
  } else {
    defineGlobal(record, variable, merges ? record.definition.load() : where);
    if (record.threadLocal)
      adding.entry.threadLocals.push_back(record.id);
  }
  bind(name, {record.threadLocal ? SymbolKind::Thread : SymbolKind::Data, id.value, 0});
  return {};
}

Status Registry::enterValue(Adding& adding, uint32_t ordinal) {
  const llvm::GlobalValue& value = *adding.reader.value(ordinal);
  if (isReserved(value))
    return {};
  if (value.hasLocalLinkage())
    return enterInternal(adding, ordinal);
  if (value.hasExternalWeakLinkage())
    return {};
  const Definition where{adding.id, ordinal};
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  const Strength strength = strengthOf(value);
  Name& named = *names_.try_emplace(linkerName(value)).first;
  NameEntry& name = named.second;
  const bool replaces = adding.rules.redefine && strength != Strength::Undefined &&
                        name.strength != Strength::Undefined && isOf(name.ref, adding.entry.module);
  // What another module has in force gives way to a definition that was changed on purpose.
  const Spare* spare = adding.rules.redefine && !replaces ? spareOf(name, adding.entry.module) : nullptr;
  if ((replaces || spare) && leaves(adding, ordinal, name.ref))
    return {};
  const bool takesOver = replaces || claims(name, strength) ||
                         (spare && strength >= name.strength && definitionOf(name.ref).exists());
  const bool merges = strength == Strength::Common && name.strength == Strength::Common && !isFixed(name);
  if (!takesOver && !merges) {
    if (name.strength == Strength::Undefined)
      name.isData |= variable != nullptr;
    if (strength != Strength::Undefined) {
      if (adding.rules.redefine)
        dropSpares(name, adding.entry.module);
      addSpare(name, where, strength, variable ? sizeOf(*variable) : 0);
    }
    return {};
  }
  if (spare)
    dropSpares(name, adding.entry.module);
  if (const Definition before = definitionOf(name.ref);
      takesOver && !replaces && name.strength != Strength::Undefined && before.exists())
    addSpare(name, before, name.strength,
             name.ref.kind == SymbolKind::Function ? 0 : globals_[name.ref.id].size);
  if (variable) {
    if (Status status = enterVariable(adding, *variable, named, where, merges); !status)
      return status;
  } else {
    const bool isNew = !keepsRecord(name, adding.rules) || name.ref.kind != SymbolKind::Function;
    FunctionId id(name.ref.id);
    if (isNew) {
      Result<FunctionRecord*> record = newFunction(value.getName());
      if (!record)
        return record.takeError();
      id = (*record)->id;
    }
    bind(named, {SymbolKind::Function, id.value, 0});
    if (Status status = defineFunction(functions_[id.value], isNew, value, where, adding.changed); !status)
      return status;
  }
  name.ownsRecord = true;
  name.aliased &= adding.rules.redefine; // what is redefined goes on under its other names
  name.orphaned = false;
  name.strength = strength;
  name.hidden = !value.hasDefaultVisibility();
  name.inComdat = value.hasComdat();
  name.definedIn = view(strings_.save(adding.entry.image->name));
  return {};
}

Result<SymbolRef> Registry::ownDefinition(Adding& adding, uint32_t ordinal) {
  ImageEntry& entry = adding.entry;
  if (entry.values[ordinal].kind != SymbolKind::None)
    return entry.values[ordinal];
  const llvm::GlobalValue& value = *adding.reader.value(ordinal);
  const Definition where{adding.id, ordinal};
  const auto isHere = [&where](const Definition& d) {
    return d.image == where.image && d.ordinal == where.ordinal;
  };
  auto found = names_.find(linkerName(value));
  const SymbolRef named = found == names_.end() ? SymbolRef{} : found->second.ref;
  // Common symbols are one thing everywhere.
  const bool prevailed = named.kind == SymbolKind::Function ? isHere(functions_[named.id].definition.load())
                         : named.kind == SymbolKind::Data || named.kind == SymbolKind::Thread
                             ? isHere(globals_[named.id].definition.load()) || value.hasCommonLinkage()
                             : false;
  // A redefinition may say again what its module has, or leave it out.
  const bool known = adding.rules.redefine && isOf(named, adding.entry.module);
  if ((prevailed || known) && !value.hasCommonLinkage())
    found->second.aliased = true;
  if (prevailed || known || !definesSymbol(value))
    return named;
  SymbolRef& ref = entry.overridden[ordinal];
  if (ref.kind != SymbolKind::None)
    return ref;
  if (const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value)) {
    Result<GlobalRecord*> record = newGlobal(value.getName());
    if (!record)
      return record.takeError();
    defineGlobal(**record, *variable, where);
    ref = {variable->isThreadLocal() ? SymbolKind::Thread : SymbolKind::Data, (*record)->id.value, 0};
  } else {
    Result<FunctionRecord*> record = newFunction(value.getName());
    if (!record)
      return record.takeError();
    if (Status status = defineFunction(**record, /*isNew=*/true, value, where, adding.changed); !status)
      return status.takeError();
    ref = {SymbolKind::Function, (*record)->id.value, 0};
  }
  return ref;
}

Status Registry::enterAlias(Adding& adding, uint32_t ordinal) {
  ImageEntry& entry = adding.entry;
  const auto& alias = llvm::cast<llvm::GlobalAlias>(*adding.reader.value(ordinal));
  if (isReserved(alias))
    return {};
  const AliasTarget target = targetOf(alias);
  Result<SymbolRef> own = ownDefinition(adding, adding.reader.ordinalOf(target.base));
  if (!own)
    return own.takeError();
  SymbolRef ref = *own;
  ref.offset += target.offset;

  if (alias.hasLocalLinkage()) {
    entry.values[ordinal] = ref;
    entry.internalNames[alias.getName()] = ordinal;
    return {};
  }
  Name& named = *names_.try_emplace(linkerName(alias)).first;
  NameEntry& name = named.second;
  if ((adding.rules.redefine && adding.rules.likeness[ordinal] == Likeness::Same) ||
      !claims(name, strengthOf(alias)))
    return {};
  leaveDefinition(name, adding.changed);
  bind(named, ref, {adding.id, ordinal});
  name.strength = strengthOf(alias);
  name.inComdat = alias.hasComdat();
  name.hidden = !alias.hasDefaultVisibility();
  name.aliased = name.ownsRecord = name.orphaned = false;
  name.definedIn = view(strings_.save(entry.image->name));
  return {};
}

// --- what names mean --------------------------------------------------------------------------------------

void Registry::bind(Name& name, const SymbolRef& ref, Definition alias) {
  const SymbolRef before = std::exchange(name.second.ref, ref);
  const Definition aliasBefore = std::exchange(name.second.alias, alias);
  countInForce(alias, 1);
  countInForce(aliasBefore, -1);
  if (before == ref)
    return;
  if (isVariable(before))
    llvm::erase(globals_[before.id].names, &name);
  if (isVariable(ref))
    globals_[ref.id].names.push_back(&name);
  if (before.kind != SymbolKind::None)
    rebound_.insert(&name);
}

std::vector<FunctionId> Registry::takeRebound() {
  if (rebound_.empty())
    return {};
  const llvm::DenseSet<Name*> names = std::exchange(rebound_, {});
  return functionsWhere([&](const ImageEntry& entry) {
    return std::any_of(entry.mentioned.begin(), entry.mentioned.end(),
                       [&](Name* name) { return names.contains(name); });
  });
}

std::vector<FunctionId> Registry::rebound() {
  LockGuard lock(mutex_);
  std::vector<FunctionId> functions = std::exchange(objectsChanged_, {});
  const std::vector<FunctionId> users = takeRebound();
  functions.insert(functions.end(), users.begin(), users.end());
  return functions;
}

void Registry::setDefinition(GlobalRecord& record, Definition where) {
  record.definition.store(where);
  if (where.exists())
    images_[where.image.value].globals.push_back(record.id);
}

void Registry::leaveDefinition(NameEntry& name, std::vector<FunctionId>& changed) {
  const Definition before = definitionOf(name.ref);
  if (!name.ownsRecord || !before.exists())
    return;
  addSpare(name, before, name.strength,
           name.ref.kind == SymbolKind::Function ? 0 : globals_[name.ref.id].size);
  // Who has the function's address is to find what the name means now. Its aliases go on standing for it.
  if (name.ref.kind == SymbolKind::Function && !name.aliased)
    changeFunction(functions_[name.ref.id], {}, changed);
}

// --- objects and the host ---------------------------------------------------------------------------------

void Registry::noteLinked(ObjectId id) {
  LockGuard lock(mutex_);
  linkedObjects_.insert(id.value);
}

Status Registry::checkObject(const ObjectSymbols& symbols) {
  LockGuard lock(mutex_);
  for (const ObjectSymbol& symbol : symbols.defined) {
    auto found = names_.find(symbol.name);
    if (found != names_.end() && found->second.orphaned)
      return stillUsed(symbol.name, found->second, symbols.name);
    if (found != names_.end() && found->second.strength == Strength::Strong && !symbol.weak && !symbol.common)
      return duplicate(symbol.name, found->second.definedIn, symbols.name);
  }
  return {};
}

Result<ObjectId> Registry::addObject(const ObjectSymbols& symbols) {
  if (Status status = checkObject(symbols); !status)
    return status.takeError();
  LockGuard lock(mutex_);
  const ObjectId id(objectCount_++);
  const std::string_view definedIn = view(strings_.save(symbols.name));
  for (size_t i = 0; i < symbols.defined.size(); ++i) {
    const ObjectSymbol& symbol = symbols.defined[i];
    const Strength strength = symbol.common ? Strength::Common
                              : symbol.weak ? Strength::Weak
                                            : Strength::Strong;
    Name& named = *names_.try_emplace(symbol.name).first;
    NameEntry& name = named.second;
    // Its code may be bound to another's definition of a name of its own.
    ++name.mentions;
    ++name.nativeMentions;
    if (!claims(name, strength))
      continue;
    leaveDefinition(name, objectsChanged_);
    bind(named, {SymbolKind::Object, id.value, static_cast<int64_t>(i)});
    name.strength = strength;
    name.inComdat = symbol.weak;
    name.hidden = symbol.hidden;
    name.aliased = name.ownsRecord = name.orphaned = false;
    name.definedIn = definedIn;
  }
  for (const ObjectSymbols::Undefined& reference : symbols.undefined) {
    NameEntry& name = names_[reference.name];
    ++name.mentions;
    ++name.nativeMentions;
    name.isData |= name.strength == Strength::Undefined && reference.isData;
  }
  return id;
}

Status Registry::defineAbsolute(const std::string& name, void* address) {
  LockGuard lock(mutex_);
  Name& named = *names_.try_emplace(name).first;
  NameEntry& entry = named.second;
  if (entry.orphaned)
    return stillUsed(name, entry, "symbol defined by the host");
  if (entry.strength != Strength::Undefined)
    return duplicate(name, entry.definedIn, "symbol defined by the host");
  bind(named, {SymbolKind::Absolute, 0, reinterpret_cast<int64_t>(address)});
  entry.strength = Strength::Strong;
  entry.ownsRecord = false;
  entry.definedIn = "the host";
  return {};
}

} // namespace tiercel
