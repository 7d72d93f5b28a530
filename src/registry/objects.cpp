// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native objects and symbols of the host.
#include "registry/registry.h"
#include "registry/values.h"

namespace tiercel {

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
      return duplicate(symbol.name, *found->second.definedIn, symbols.name);
  }
  return {};
}

Result<ObjectId> Registry::addObject(const ObjectSymbols& symbols) {
  if (Status status = checkObject(symbols); !status)
    return status.takeError();
  LockGuard lock(mutex_);
  const ObjectId id(objectCount_++);
  const auto definedIn = std::make_shared<const std::string>(symbols.name);
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
    setStrength(named, strength);
    name.inComdat = symbol.weak;
    name.hidden = symbol.hidden;
    name.aliased = name.ownsRecord = name.orphaned = false;
    name.definedIn = definedIn;
  }
  for (const ObjectSymbols::Undefined& reference : symbols.undefined) {
    Name& named = *names_.try_emplace(reference.name).first;
    NameEntry& name = named.second;
    ++name.mentions;
    ++name.nativeMentions;
    name.isData |= name.strength == Strength::Undefined && reference.isData;
    noteUndefined(named);
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
    return duplicate(name, *entry.definedIn, "symbol defined by the host");
  bind(named, {SymbolKind::Absolute, 0, reinterpret_cast<int64_t>(address)});
  setStrength(named, Strength::Strong);
  entry.ownsRecord = false;
  entry.definedIn = std::make_shared<const std::string>("the host");
  return {};
}

void Registry::removeObject(ObjectId id, const ObjectSymbols& symbols) {
  LockGuard lock(mutex_);
  releases_.fetch_add(1, std::memory_order_release);
  linkedObjects_.erase(id.value);
  std::vector<Name*> names;
  for (const ObjectSymbol& symbol : symbols.defined) {
    Name& named = *names_.try_emplace(symbol.name).first;
    NameEntry& name = named.second;
    names.push_back(&named);
    dropNativeMention(name);
    if (name.ref.kind != SymbolKind::Object || name.ref.id != id.value)
      continue;
    bind(named, {});
    setStrength(named, Strength::Undefined);
    bringBack(named, objectsChanged_);
    noteUndefined(named);
  }
  for (const ObjectSymbols::Undefined& reference : symbols.undefined) {
    Name& named = *names_.try_emplace(reference.name).first;
    names.push_back(&named);
    dropNativeMention(named.second);
  }
  forgetUnused(names);
}

void Registry::dropNativeMention(NameEntry& name) {
  --name.nativeMentions;
  if (--name.mentions == 0 && isVariable(name.ref))
    suspectImageOf(globals_[name.ref.id]);
}

} // namespace tiercel
