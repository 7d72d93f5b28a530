// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What names and values mean.
#include "registry/registry.h"

#include <algorithm>

namespace tiercel {

namespace {

bool isUndefinedHere(const NameEntry& name) {
  return name.strength == Strength::Undefined && (name.mentions > 0 || name.weakMentions > 0) &&
         !name.orphaned && !name.inHost;
}

} // namespace

std::shared_ptr<const ProgramImage> Registry::image(ImageId id) {
  LockGuard lock(mutex_);
  return images_[id.value].image;
}

std::string Registry::imageName(ImageId id) {
  const std::shared_ptr<const ProgramImage> known = image(id);
  return known ? known->name : std::string();
}

SymbolRef Registry::resolve(ImageId image, uint32_t ordinal, llvm::StringRef name) {
  LockGuard lock(mutex_);
  const ImageEntry& entry = images_[image.value];
  if (ordinal >= entry.values.size()) // released: whoever asks is too late
    return {};
  if (entry.values[ordinal].kind != SymbolKind::None)
    return entry.values[ordinal];
  const auto found = names_.find(tiercel::linkerName(name));
  if (found != names_.end() && found->second.ref.kind != SymbolKind::None &&
      (found->second.strength != Strength::Undefined || found->second.orphaned))
    return found->second.ref;
  // A new piece of a module may declare what is internal to the module.
  if (entry.redefines) {
    if (const SymbolRef own = internalOf(entry.module, linkerName(name)); own.kind != SymbolKind::None)
      return own;
  }
  return found == names_.end() ? SymbolRef{} : found->second.ref;
}

SymbolRef Registry::find(llvm::StringRef name) {
  LockGuard lock(mutex_);
  auto found = names_.find(name);
  return found == names_.end() ? SymbolRef{} : found->second.ref;
}

SymbolRef Registry::findVisible(llvm::StringRef name) {
  LockGuard lock(mutex_);
  auto found = names_.find(name);
  return found == names_.end() || found->second.hidden ? SymbolRef{} : found->second.ref;
}

SymbolRef Registry::findFrom(ImageId image, llvm::StringRef name) {
  if (image.valid()) {
    LockGuard lock(mutex_);
    const ImageEntry& entry = images_[image.value];
    if (auto found = entry.internalNames.find(name); found != entry.internalNames.end())
      return entry.values[found->second];
  }
  return find(name);
}

SymbolRef Registry::findFromModule(llvm::StringRef module, llvm::StringRef name) {
  {
    LockGuard lock(mutex_);
    if (const SymbolRef own = internalOf(module, name); own.kind != SymbolKind::None)
      return own;
  }
  return find(name);
}

SymbolRef Registry::findAnywhere(llvm::StringRef name) {
  LockGuard lock(mutex_);
  if (auto found = names_.find(name); found != names_.end() && found->second.ref.kind != SymbolKind::None)
    return found->second.ref;
  SymbolRef only;
  for (size_t i = 0; i < images_.size(); ++i) {
    const ImageEntry& entry = images_[i];
    const auto found = entry.internalNames.find(name);
    if (found == entry.internalNames.end())
      continue;
    const SymbolRef ref = entry.values[found->second];
    if (only.kind != SymbolKind::None && (only.kind != ref.kind || only.id != ref.id))
      return {};
    only = ref;
  }
  return only;
}

Result<FunctionId> Registry::declareFunction(llvm::StringRef name) {
  LockGuard lock(mutex_);
  Name& named = *names_.try_emplace(name).first;
  NameEntry& entry = named.second;
  if (entry.ref.kind == SymbolKind::Function)
    return FunctionId(entry.ref.id);
  Result<FunctionRecord*> record = newFunction(name);
  if (!record)
    return record.takeError();
  // Where something has come to define it since the caller looked, the first call will find that.
  if (entry.ref.kind == SymbolKind::None) {
    bind(named, {SymbolKind::Function, (*record)->id.value, 0});
    entry.ownsRecord = true;
  }
  return (*record)->id;
}

std::string_view Registry::keep(llvm::StringRef text) {
  LockGuard lock(mutex_);
  return view(strings_.save(text));
}

/// All undefined names are in a list, with some that were: asking for them costs nothing for all the others.
void Registry::noteUndefined(Name& name) {
  if (isUndefinedHere(name.second))
    undefined_.insert(&name);
}

std::vector<UndefinedName> Registry::undefinedNames() {
  LockGuard lock(mutex_);
  std::vector<UndefinedName> result;
  std::vector<Name*> others; // defined since, or mentioned no more
  for (Name* name : undefined_) {
    if (isUndefinedHere(name->second))
      result.push_back({name->first().str(), name->second.isData, name->second.mentions == 0});
    else
      others.push_back(name);
  }
  for (Name* name : others)
    undefined_.erase(name);
  std::sort(result.begin(), result.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return result;
}

void Registry::noteInHost(llvm::StringRef name) {
  LockGuard lock(mutex_);
  if (const auto found = names_.find(name); found != names_.end())
    found->second.inHost = true;
}

bool Registry::isUndefined(llvm::StringRef name) {
  LockGuard lock(mutex_);
  auto found = names_.find(name);
  return found != names_.end() && found->second.strength == Strength::Undefined && found->second.mentions > 0;
}

std::vector<GlobalId> Registry::globalsInSection(llvm::StringRef section) {
  LockGuard lock(mutex_);
  auto found = sections_.find(section);
  return found == sections_.end() ? std::vector<GlobalId>() : found->second;
}

std::vector<GlobalId> Registry::threadLocalsOf(ImageId image) {
  LockGuard lock(mutex_);
  std::vector<GlobalId> result;
  for (GlobalId id : images_[image.value].threadLocals) {
    if (globals_[id.value].definition.load().image == image)
      result.push_back(id);
  }
  return result;
}

bool Registry::isFinal(FunctionId id) {
  LockGuard lock(mutex_);
  const auto found = names_.find(tiercel::linkerName(functions_[id.value].name));
  const bool external = found != names_.end() && found->second.ref.kind == SymbolKind::Function &&
                        found->second.ref.id == id.value;
  return !external || found->second.strength == Strength::Strong;
}

bool Registry::prevails(ImageId image, uint32_t ordinal, llvm::StringRef name) {
  const SymbolRef ref = resolve(image, ordinal, name);
  Definition definition;
  if (ref.kind == SymbolKind::Function)
    definition = functions_[ref.id].definition.load();
  else if (ref.kind == SymbolKind::Data || ref.kind == SymbolKind::Thread)
    definition = globals_[ref.id].definition.load();
  return definition.image == image && definition.ordinal == ordinal;
}

std::vector<std::pair<std::string, SymbolRef>> Registry::exported(const llvm::StringSet<>& names,
                                                                  bool others) {
  LockGuard lock(mutex_);
  std::vector<std::pair<std::string, SymbolRef>> result;
  const auto add = [&](const Name& name) {
    const NameEntry& entry = name.second;
    if (entry.strength != Strength::Undefined && !entry.hidden && entry.ref.kind != SymbolKind::None)
      result.emplace_back(name.first().str(), entry.ref);
  };
  if (others) {
    for (const Name& name : names_) {
      if (!names.contains(name.first()))
        add(name);
    }
  } else {
    for (const auto& name : names) {
      if (const auto found = names_.find(name.first()); found != names_.end())
        add(*found);
    }
  }
  return result;
}

} // namespace tiercel
