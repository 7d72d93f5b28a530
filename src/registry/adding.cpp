// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entering images.
#include "registry/registry.h"
#include "registry/values.h"

#include <algorithm>

namespace tiercel {

namespace {

/// The record of an earlier, weaker definition is kept: it may have been handed out already. Unless it has an
/// alias, which goes on standing for that definition.
bool keepsRecord(const NameEntry& name, const AddRules& rules) {
  return name.ownsRecord && (!name.aliased || rules.redefine || name.strength == Strength::Undefined);
}

/// What the functions that an image defines say of themselves.
void readClaims(ImageEntry& entry, ImageReader& reader, ClaimsTable& table) {
  // Lists are unique in their context, and few.
  llvm::DenseMap<void*, const Claims*> known;
  entry.claims.resize(reader.valueCount());
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const auto* function = llvm::dyn_cast<llvm::Function>(reader.value(ordinal));
    if (!function || !definesSymbol(*function))
      continue;
    const Claims*& claims = known[function->getAttributes().getRawPointer()];
    if (!claims)
      claims = table.keep(claimTexts(function->getAttributes()));
    entry.claims[ordinal] = claims;
  }
}

} // namespace

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
  // Most are different: a set of them would cost more than what it finds.
  FunctionRecord* record = functions_.append(id, view(llvm::StringSaver(allocator_).save(name)));
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

/// `isNew`: nobody has its address yet.
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
    std::vector<GlobalId>& members = sections_[variable.getSection()];
    members.push_back(record.id);
    if (members.size() == 1)
      noteSection(variable.getSection());
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
  ModuleEntry& module = modules_[entry.module];
  if (module.incarnation == 0)
    module.incarnation = ++incarnations_;
  entry.incarnation = module.incarnation;
  entry.name = std::make_shared<const std::string>(image->name);
  entry.image = std::move(image);
  entry.redefines = rules.redefine;
  entry.values.resize(reader.valueCount());
  module.images.push_back(*id);

  Adding adding{*id, entry, reader, rules};
  // What internal names meant before: entering what comes first may end the image that has the others.
  adding.before.resize(reader.valueCount());
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    if (const llvm::GlobalValue& value = *reader.value(ordinal); value.hasLocalLinkage() && value.hasName())
      adding.before[ordinal] = internalOf(entry.module, value.getName());
  }
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *reader.value(ordinal);
    if (value.hasLocalLinkage() || isReserved(value))
      continue;
    mention(*names_.try_emplace(linkerName(value)).first, *id, value.hasExternalWeakLinkage());
  }
  readClaims(entry, reader, claims_);
  Status entered = placePrefixes(adding);
  if (entered)
    entered = enterAll(adding);
  if (!entered) {
    takeOut({&*id, 1});
    return entered.takeError();
  }
  for (const Mention& mention : entry.mentioned)
    noteUndefined(*mention.name);
  if (rules.redefine && entry.inForce == 0) { // all of it was there already
    leaveModule(*id);
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
    (*record)->internal = !name;
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
  (*record)->internal = true;
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
  Definition keptFor;
  const bool hasStorage = record.address.load(std::memory_order_relaxed) != nullptr;
  if (adding.rules.redefine)
    adding.renewed.push_back(record.id); // whoever knows what was in it, or folded it
  if (hasStorage && (adding.rules.redefine || needsOtherMemory(record, variable))) {
    redefineVariable(adding, record, variable, where);
  } else if (hasStorage && record.threadLocal) {
    keptFor = where;       // its place is in the block of the image that it came with
  } else if (hasStorage) { // its module comes back: those who went on using it keep what is in it
    countInForce(record.definition.load(), -1);
    setDefinition(record, where);
    countInForce(where, 1);
  } else {
    defineGlobal(record, variable, merges ? record.definition.load() : where);
    if (record.threadLocal)
      adding.entry.threadLocals.push_back(record.id);
  }
  bind(name, {record.threadLocal ? SymbolKind::Thread : SymbolKind::Data, id.value, 0}, keptFor);
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
      addSpare(name, {where, strength, variable ? sizeOf(*variable) : 0, !variable});
    }
    return {};
  }
  if (spare)
    dropSpares(name, adding.entry.module);
  if (const Definition before = definitionOf(name.ref);
      takesOver && !replaces && name.strength != Strength::Undefined && before.exists())
    spareInForce(name);
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
  setStrength(named, strength);
  name.hidden = value.hasHiddenVisibility();
  name.inComdat = value.hasComdat();
  name.definedIn = adding.entry.name;
  return {};
}

/// The record of what the image itself defines as `ordinal`, even if another definition got the name.
Result<SymbolRef> Registry::ownDefinition(Adding& adding, uint32_t ordinal) {
  ImageEntry& entry = adding.entry;
  if (entry.values[ordinal].kind != SymbolKind::None)
    return entry.values[ordinal];
  const llvm::GlobalValue& value = *adding.reader.value(ordinal);
  const Definition where{adding.id, ordinal};
  auto found = names_.find(linkerName(value));
  const SymbolRef named = found == names_.end() ? SymbolRef{} : found->second.ref;
  // Common symbols are one thing everywhere.
  const bool prevailed = definitionOf(named) == where || (isVariable(named) && value.hasCommonLinkage());
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
  setStrength(named, strengthOf(alias));
  name.inComdat = alias.hasComdat();
  name.hidden = alias.hasHiddenVisibility();
  name.aliased = name.ownsRecord = name.orphaned = false;
  name.definedIn = entry.name;
  return {};
}

} // namespace tiercel
