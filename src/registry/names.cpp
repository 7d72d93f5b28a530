// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a name means: bound to a definition, an alias or an object, and what is in reserve for it.
#include "registry/registry.h"

#include <algorithm>
#include <utility>

namespace tiercel {

void Registry::bind(Name& name, const SymbolRef& ref, Definition alias) {
  const SymbolRef before = std::exchange(name.second.ref, ref);
  const Definition aliasBefore = std::exchange(name.second.alias, alias);
  countInForce(alias, 1);
  countInForce(aliasBefore, -1);
  if (before == ref)
    return;
  if (isVariable(before)) {
    llvm::erase(globals_[before.id].names, &name);
    suspectImageOf(globals_[before.id]);
  }
  if (isVariable(ref))
    globals_[ref.id].names.push_back(&name);
  // Where nobody mentions it, nobody is out of date, and the name may be about to go.
  if (before.kind != SymbolKind::None && !name.second.mentioners.empty())
    rebound_.insert(&name);
}

std::vector<FunctionId> Registry::takeRebound() {
  if (rebound_.empty())
    return {};
  llvm::DenseSet<uint32_t> images;
  for (const Name* name : std::exchange(rebound_, {})) {
    for (const Mentioner& mentioner : name->second.mentioners)
      images.insert(mentioner.image.value);
  }
  return functionsOf(images);
}

void Registry::setStrength(Name& name, Strength strength) {
  const Strength before = std::exchange(name.second.strength, strength);
  if (name.second.assumed && (before == Strength::Undefined) != (strength == Strength::Undefined))
    cameOrWent_.push_back(name.first().str());
  if (strength == Strength::Undefined)
    name.second.definedIn = nullptr;
}

namespace {

/// Whether the name is __start_SECTION or __stop_SECTION of a section that the program has.
bool isSectionBound(llvm::StringRef name, const llvm::StringMap<std::vector<GlobalId>>& sections) {
  if (!name.consume_front("__start_") && !name.consume_front("__stop_"))
    return false;
  const auto found = sections.find(name);
  return found != sections.end() && !found->second.empty();
}

} // namespace

/// A section has got its first member or lost its last.
void Registry::noteSection(llvm::StringRef section) {
  for (const char* bound : {"__start_", "__stop_"}) {
    const auto found = names_.find(bound + section.str());
    if (found != names_.end() && found->second.assumed)
      cameOrWent_.push_back(found->first().str());
  }
}

bool Registry::isDefined(llvm::StringRef name) {
  LockGuard lock(mutex_);
  const auto found = names_.find(name);
  return (found != names_.end() && found->second.strength != Strength::Undefined) ||
         isSectionBound(name, sections_);
}

bool Registry::assumeDefined(llvm::StringRef name) {
  LockGuard lock(mutex_);
  NameEntry& entry = names_[name];
  entry.assumed = true;
  return entry.strength != Strength::Undefined || isSectionBound(name, sections_);
}

void Registry::forgetAssumed(llvm::StringRef name) {
  LockGuard lock(mutex_);
  if (const auto found = names_.find(name); found != names_.end()) {
    found->second.assumed = false;
    std::vector<Name*> names = {&*found};
    forgetUnused(names);
  }
}

std::vector<std::string> Registry::takeNamesThatCameOrWent() {
  LockGuard lock(mutex_);
  return std::exchange(cameOrWent_, {});
}

const Claims* Registry::claimsOf(Definition function) {
  LockGuard lock(mutex_);
  const std::vector<const Claims*>& claims = images_[function.image.value].claims;
  return function.ordinal < claims.size() ? claims[function.ordinal] : nullptr;
}

const Claims* Registry::keepClaims(std::vector<std::string> texts) {
  LockGuard lock(mutex_);
  return claims_.keep(std::move(texts));
}

std::vector<FunctionId> Registry::rebound() {
  LockGuard lock(mutex_);
  std::vector<FunctionId> functions = std::exchange(objectsChanged_, {});
  const std::vector<FunctionId> users = takeRebound();
  functions.insert(functions.end(), users.begin(), users.end());
  return functions;
}

void Registry::setDefinition(GlobalRecord& record, Definition where) {
  suspectImageOf(record);
  record.definition.store(where);
  record.serial.fetch_add(1, std::memory_order_release);
  if (where.exists())
    enter(images_[where.image.value].globals, record.id);
}

void Registry::leaveDefinition(NameEntry& name, std::vector<FunctionId>& changed) {
  const Definition before = definitionOf(name.ref);
  if (!name.ownsRecord || !before.exists())
    return;
  spareInForce(name);
  // Who has the function's address is to find what the name means now. Its aliases go on standing for it.
  if (name.ref.kind == SymbolKind::Function && !name.aliased)
    changeFunction(functions_[name.ref.id], {}, changed);
}

// --- definitions in reserve -------------------------------------------------------------------------------

void Registry::addSpare(NameEntry& name, const Spare& spare) {
  if (!name.spares)
    name.spares = std::make_unique<std::vector<Spare>>();
  name.spares->push_back(spare);
  countInForce(spare.where, 1);
}

void Registry::spareInForce(NameEntry& name) {
  const bool isFunction = name.ref.kind == SymbolKind::Function;
  addSpare(name,
           {definitionOf(name.ref), name.strength, isFunction ? 0 : globals_[name.ref.id].size, isFunction});
}

const Spare* Registry::spareOf(const NameEntry& name, llvm::StringRef module) {
  if (!name.spares)
    return nullptr;
  const auto found = std::find_if(name.spares->begin(), name.spares->end(), [&](const Spare& spare) {
    return images_[spare.where.image.value].module == module;
  });
  return found == name.spares->end() ? nullptr : &*found;
}

void Registry::dropSpares(NameEntry& name, llvm::StringRef module) {
  if (!name.spares)
    return;
  std::vector<Spare> kept, dropped;
  for (const Spare& spare : *name.spares)
    (images_[spare.where.image.value].module == module ? dropped : kept).push_back(spare);
  *name.spares = std::move(kept);
  for (const Spare& spare : dropped)
    countInForce(spare.where, -1);
}

/// Whether a thread-local can move to the image's block: nobody knows a place of it, and the block is not
/// made.
bool Registry::hasPlaceIn(const GlobalRecord& threadLocal, ImageId image) {
  const auto hasPlace = [](const GlobalRecord& record) {
    return record.address.load(std::memory_order_relaxed) != nullptr;
  };
  const std::vector<GlobalId>& others = images_[image.value].threadLocals;
  return !hasPlace(threadLocal) && std::none_of(others.begin(), others.end(), [&](GlobalId id) {
    return globals_[id.value].definition.load().image == image && hasPlace(globals_[id.value]);
  });
}

void Registry::replaceBySpare(Name& named, std::vector<FunctionId>& changed) {
  NameEntry& name = named.second;
  Definition next;
  uint64_t spareSize = 0;
  auto strength = Strength::Undefined;
  if (name.spares && !name.spares->empty()) {
    // The strongest; of equals the first that was added.
    const auto best =
        std::max_element(name.spares->begin(), name.spares->end(),
                         [](const Spare& a, const Spare& b) { return a.strength < b.strength; });
    next = best->where;
    spareSize = best->size;
    strength = best->strength;
    name.definedIn = images_[next.image.value].name;
    name.spares->erase(best);
  }
  if (name.ref.kind == SymbolKind::Function) {
    setStrength(named, strength);
    changeFunction(functions_[name.ref.id], next, changed);
    countInForce(next, -1);
    return;
  }
  GlobalRecord& record = globals_[name.ref.id];
  if (next.exists() && record.threadLocal && !hasPlaceIn(record, next.image)) {
    addSpare(name, {next, strength, spareSize, /*isFunction=*/false});
    countInForce(next, -1);
    strength = Strength::Undefined;
    name.orphaned = true;
  } else if (next.exists()) { // what is in it stays; the count as a spare becomes that of the definition
    setDefinition(record, next);
    if (record.threadLocal)
      if (auto& own = images_[next.image.value].threadLocals; !llvm::is_contained(own, record.id))
        own.push_back(record.id);
    if (!record.address.load(std::memory_order_relaxed)) {
      record.size = std::max(record.size, spareSize);
      record.alignment = std::max<uint64_t>(record.alignment, 16);
    }
  } else {
    name.orphaned = true;
  }
  setStrength(named, strength);
}

void Registry::bringBack(Name& named, std::vector<FunctionId>& changed) {
  NameEntry& name = named.second;
  if (!name.spares || name.spares->empty())
    return;
  const auto best = std::max_element(name.spares->begin(), name.spares->end(),
                                     [](const Spare& a, const Spare& b) { return a.strength < b.strength; });
  const Spare spare = *best;
  if (!spare.isFunction)
    return; // what a variable needs is not known here
  Result<FunctionRecord*> record = newFunction(named.first());
  if (!record)
    return;
  name.spares->erase(best);
  bind(named, {SymbolKind::Function, (*record)->id.value, 0});
  name.ownsRecord = true;
  setStrength(named, spare.strength);
  name.definedIn = images_[spare.where.image.value].name;
  changeFunction(**record, spare.where, changed);
  countInForce(spare.where, -1);
}

} // namespace tiercel
