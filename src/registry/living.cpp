// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The registry of a program that changes: what a module has, what of it others use, taking it away, and the
// end of images.
#include "registry/registry.h"

#include "llvm/ADT/DenseSet.h"

#include <algorithm>

namespace tiercel {

Definition Registry::definitionOf(const SymbolRef& ref) {
  switch (ref.kind) {
  case SymbolKind::Function:
    return functions_[ref.id].definition.load();
  case SymbolKind::Data:
  case SymbolKind::Thread:
    return globals_[ref.id].definition.load();
  default:
    return {};
  }
}

bool Registry::isOf(const SymbolRef& ref, llvm::StringRef module) {
  const Definition definition = definitionOf(ref);
  return definition.exists() && images_[definition.image.value].module == module;
}

SymbolRef Registry::internalOf(llvm::StringRef module, llvm::StringRef name) {
  if (const auto images = modules_.find(module); images != modules_.end()) {
    // The newest first: it has the newest of what was redefined.
    for (auto id = images->second.images.rbegin(); id != images->second.images.rend(); ++id) {
      const ImageEntry& entry = images_[id->value];
      if (const auto found = entry.internalNames.find(name); found != entry.internalNames.end()) {
        if (const SymbolRef ref = entry.values[found->second]; ref.kind != SymbolKind::None)
          return ref;
      }
    }
  }
  const auto former = formerInternals_.find(internalKey(module, name));
  return former == formerInternals_.end() ? SymbolRef()
                                          : SymbolRef{SymbolKind::Function, former->second.value, 0};
}

bool Registry::hasModule(llvm::StringRef module) {
  LockGuard lock(mutex_);
  return modules_.contains(module);
}

std::vector<ImageId> Registry::imagesOf(llvm::StringRef module) {
  LockGuard lock(mutex_);
  const auto found = modules_.find(module);
  return found == modules_.end() ? std::vector<ImageId>() : found->second.images;
}

std::vector<ModuleInfo> Registry::modules() {
  LockGuard lock(mutex_);
  llvm::StringMap<ModuleInfo> infos;
  for (const auto& module : modules_)
    infos[module.first()].name = module.first().str();
  for (size_t i = 0; i < functions_.size(); ++i) {
    if (const Definition where = functions_[i].definition.load(); where.exists())
      ++infos[images_[where.image.value].module].functions;
  }
  for (size_t i = 0; i < globals_.size(); ++i) {
    if (const Definition where = globals_[i].definition.load();
        where.exists() && !images_[where.image.value].removed)
      ++infos[images_[where.image.value].module].variables;
  }
  std::vector<ModuleInfo> list;
  for (auto& info : infos) {
    if (!info.second.name.empty())
      list.push_back(std::move(info.second));
  }
  std::sort(list.begin(), list.end(),
            [](const ModuleInfo& a, const ModuleInfo& b) { return a.name < b.name; });
  return list;
}

OwnDefinition Registry::findInModule(llvm::StringRef module, llvm::StringRef name, bool internal) {
  LockGuard lock(mutex_);
  if (internal) {
    const SymbolRef ref = internalOf(module, name);
    return {ref, definitionOf(ref)};
  }
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.strength == Strength::Undefined)
    return {};
  if (isOf(found->second.ref, module)) {
    const Definition alias = found->second.alias;
    return {found->second.ref, definitionOf(found->second.ref),
            alias.exists() && !found->second.ownsRecord && images_[alias.image.value].module == module};
  }
  const Spare* spare = spareOf(found->second, module);
  return spare ? OwnDefinition{found->second.ref, spare->where} : OwnDefinition();
}

std::string Registry::moduleOf(const Definition& definition) {
  LockGuard lock(mutex_);
  return definition.exists() ? images_[definition.image.value].module : std::string();
}

std::vector<ImageId> Registry::imagesMentioning(llvm::StringRef name) {
  LockGuard lock(mutex_);
  std::vector<ImageId> images;
  const auto found = names_.find(name);
  if (found != names_.end() && found->second.mentions > 0) {
    for (const Mentioner& mentioner : found->second.mentioners) {
      if (!images_[mentioner.image.value].removed)
        images.push_back(mentioner.image);
    }
  } else {
    for (uint32_t image = 0; image < images_.size(); ++image) {
      if (images_[image].image && !images_[image].removed && images_[image].internalNames.contains(name))
        images.push_back(ImageId(image));
    }
  }
  std::sort(images.begin(), images.end());
  return images;
}

std::vector<std::string> Registry::usedByOthers(llvm::StringRef module) {
  LockGuard lock(mutex_);
  std::vector<std::string> used;
  const auto images = modules_.find(module);
  if (images == modules_.end())
    return used;
  llvm::DenseMap<const Name*, uint32_t> own;
  for (ImageId id : images->second.images) {
    for (const Mention& mention : images_[id.value].mentioned)
      own[mention.name] += !mention.weak;
  }
  for (const auto& [name, mentions] : own) {
    const NameEntry& entry = name->second;
    const auto fromElsewhere = [&](const Spare& spare) {
      return images_[spare.where.image.value].module != module;
    };
    if (entry.strength == Strength::Undefined || !isOf(entry.ref, module) ||
        (entry.spares && std::any_of(entry.spares->begin(), entry.spares->end(), fromElsewhere)))
      continue;
    if (entry.mentions > mentions)
      used.push_back(name->first().str());
    if (!isVariable(entry.ref))
      continue;
    for (const Name* other : globals_[entry.ref.id].names) { // of an alias, whose module may be gone
      if (other != name && other->second.mentions > own.lookup(other))
        used.push_back(other->first().str());
    }
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  return used;
}

void Registry::countInForce(const Definition& definition, int change) {
  if (!definition.exists())
    return;
  ImageEntry& entry = images_[definition.image.value];
  entry.inForce += static_cast<uint32_t>(change);
  if (entry.inForce == 0 && change < 0 && !entry.removed) {
    leaveModule(definition.image);
    retireImage(definition.image);
  }
}

void Registry::leaveModule(ImageId id) {
  ImageEntry& entry = images_[id.value];
  const auto module = modules_.find(entry.module);
  if (std::erase(module->second.images, id) != 0 && module->second.images.empty())
    entry.replacedConstants = std::move(module->second.replacedConstants);
}

/// Its names are mentioned by one less.
void Registry::retireImage(ImageId id) {
  ImageEntry& entry = images_[id.value];
  entry.removed = true;
  for (const Mention& mention : entry.mentioned) {
    NameEntry& name = mention.name->second;
    --(mention.weak ? name.weakMentions : name.mentions);
    if (name.mentions == 0 && name.weakMentions == 0 && isVariable(name.ref))
      suspectImageOf(globals_[name.ref.id]);
  }
  suspect(id);
  pendingBytes_.fetch_add(entry.image->bytes->getBufferSize(), std::memory_order_relaxed);
}

void Registry::changeFunction(FunctionRecord& record, Definition where, std::vector<FunctionId>& changed) {
  const Definition before = record.definition.load();
  if (!before.exists() && where.exists())
    definedFunctions_.fetch_add(1, std::memory_order_relaxed);
  else if (before.exists() && !where.exists())
    definedFunctions_.fetch_sub(1, std::memory_order_relaxed);
  record.definition.store(where);
  record.claims.store(where.exists() ? images_[where.image.value].claims[where.ordinal] : nullptr,
                      std::memory_order_release);
  record.removed.store(!where.exists(), std::memory_order_relaxed);
  record.serial.fetch_add(1, std::memory_order_release);
  changed.push_back(record.id);
  if (where.exists())
    enter(images_[where.image.value].functions, record.id);
  countInForce(where, 1);
  countInForce(before, -1);
}

/// Takes out what images that are leaving have under the name.
void Registry::dropName(Name& named, std::vector<FunctionId>& changed) {
  NameEntry& name = named.second;
  if (name.spares)
    std::erase_if(*name.spares, [&](const Spare& spare) { return images_[spare.where.image.value].leaving; });
  if (name.alias.exists()) { // what it stands for is another name's business
    if (images_[name.alias.image.value].leaving) {
      setStrength(named, Strength::Undefined);
      // A variable stays for those who know it by this name. A function they have to look for anew.
      name.orphaned = isVariable(name.ref);
      bind(named, name.orphaned ? name.ref : SymbolRef());
      if (!name.orphaned)
        bringBack(named, changed);
      noteUndefined(named);
    }
    return;
  }
  const Definition definition = definitionOf(name.ref);
  if (name.strength != Strength::Undefined && definition.exists() &&
      images_[definition.image.value].leaving) {
    replaceBySpare(named, changed);
    noteUndefined(named);
  }
}

std::vector<FunctionId> Registry::removeImages(std::span<const ImageId> images) {
  LockGuard lock(mutex_);
  return takeOut(images);
}

std::vector<FunctionId> Registry::takeOut(std::span<const ImageId> images) {
  std::vector<FunctionId> changed;
  for (ImageId id : images) {
    images_[id.value].leaving = true;
    leaveModule(id);
    if (const auto module = modules_.find(images_[id.value].module); module->second.images.empty())
      modules_.erase(module);
  }
  for (ImageId id : images) {
    ImageEntry& entry = images_[id.value];
    entry.inForce = ~0u >> 1; // so that none of what follows ends it before its turn
    for (const auto& internal : entry.internalNames) {
      const SymbolRef ref = entry.values[internal.second];
      if (ref.kind == SymbolKind::Function)
        formerInternals_[internalKey(entry.module, internal.first())] = FunctionId(ref.id);
    }
  }
  for (ImageId id : images) {
    for (const Mention& mention : images_[id.value].mentioned)
      dropName(*mention.name, changed);
  }
  // What is left, whether a name means it or not: internal functions, those that only aliases or pointers
  // know.
  for (ImageId id : images) {
    for (size_t i = 0; i < images_[id.value].functions.size(); ++i) {
      FunctionRecord& record = functions_[images_[id.value].functions[i].value];
      if (const Definition where = record.definition.load();
          where.exists() && images_[where.image.value].leaving)
        changeFunction(record, {}, changed);
    }
  }
  for (ImageId id : images) {
    images_[id.value].inForce = 0;
    retireImage(id);
  }
  const std::vector<FunctionId> users = takeRebound();
  changed.insert(changed.end(), users.begin(), users.end());
  return changed;
}

std::vector<FunctionId> Registry::removeFunction(FunctionId id) {
  LockGuard lock(mutex_);
  std::vector<FunctionId> changed;
  FunctionRecord& record = functions_[id.value];
  const auto found = names_.find(linkerName({record.name.data(), record.name.size()}));
  if (found != names_.end() && found->second.strength != Strength::Undefined &&
      found->second.ref.kind == SymbolKind::Function && found->second.ref.id == id.value) {
    replaceBySpare(*found, changed);
    noteUndefined(*found);
  } else if (record.definition.load().exists()) {
    changeFunction(record, {}, changed);
  }
  return changed;
}

std::vector<FunctionId> Registry::functionsAround(std::span<const GlobalId> variables) {
  LockGuard lock(mutex_);
  llvm::DenseSet<uint32_t> images;
  for (GlobalId id : variables) {
    const GlobalRecord& record = globals_[id.value];
    for (const Name* name : record.names) {
      for (const Mentioner& mentioner : name->second.mentioners)
        images.insert(mentioner.image.value);
    }
    const Definition where = record.definition.load();
    if (!where.exists())
      continue;
    // An internal variable is one thing in all images of its module.
    if (const auto module = modules_.find(images_[where.image.value].module); module != modules_.end()) {
      for (ImageId image : module->second.images)
        images.insert(image.value);
    }
  }
  return functionsOf(images);
}

std::vector<FunctionId> Registry::functionsMentioning(FunctionId id) {
  LockGuard lock(mutex_);
  llvm::DenseSet<uint32_t> images;
  for (const auto& name : names_) { // aliases may have any name
    if (name.second.ref.kind != SymbolKind::Function || name.second.ref.id != id.value)
      continue;
    for (const Mentioner& mentioner : name.second.mentioners)
      images.insert(mentioner.image.value);
  }
  if (const Definition where = functions_[id.value].definition.load(); where.exists()) {
    if (const auto module = modules_.find(images_[where.image.value].module); module != modules_.end()) {
      for (ImageId image : module->second.images)
        images.insert(image.value);
    }
  }
  return functionsOf(images);
}

std::vector<FunctionId> Registry::functionsOf(const llvm::DenseSet<uint32_t>& images) {
  std::vector<FunctionId> functions;
  for (uint32_t image : images) {
    for (FunctionId id : images_[image].functions) {
      if (functions_[id.value].definition.load().image.value == image)
        functions.push_back(id);
    }
  }
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  return functions;
}

// --- the end of images ------------------------------------------------------------------------------------
//
// A removed image is held by code, by images in the program that mention one of its variables, and by other
// held ones that do. What holds it goes one use, one mention or one definition at a time, and each time the
// image is suspected: all others are known to be held. So the end of a module costs what depends on it,
// however many others are there or wait for their end.

void Registry::useImages(std::span<const ImageId> images, int change) {
  LockGuard lock(mutex_);
  for (ImageId id : images) {
    if ((images_[id.value].uses += change) == 0)
      suspect(id);
  }
}

bool Registry::useInForce(const FunctionRecord& record, const Definition& where) {
  LockGuard lock(mutex_);
  if (record.definition.load() != where) // it changes under this lock
    return false;
  ++images_[where.image.value].uses;
  return true;
}

void Registry::mention(Name& name, ImageId image, bool weak) {
  std::vector<Mention>& mentioned = images_[image.value].mentioned;
  ++(weak ? name.second.weakMentions : name.second.mentions);
  mentioned.push_back({&name, static_cast<uint32_t>(name.second.mentioners.size()), weak});
  name.second.mentioners.push_back({image, static_cast<uint32_t>(mentioned.size() - 1)});
}

/// Adds what it mentioned to `names`.
void Registry::forgetMentions(uint32_t image, std::vector<Name*>& names) {
  for (const Mention& mention : images_[image].mentioned) {
    names.push_back(mention.name);
    NameEntry& name = mention.name->second;
    const Mentioner last = name.mentioners.pop_back_val();
    if (mention.place < name.mentioners.size()) {
      name.mentioners[mention.place] = last;
      images_[last.image.value].mentioned[last.place].place = mention.place;
    }
    if (isVariable(name.ref))
      suspectImageOf(globals_[name.ref.id]);
  }
}

/// Forgets those of the names that mean nothing and are mentioned nowhere any more. What a function is called
/// stays for ever, as its address does.
void Registry::forgetUnused(std::vector<Name*>& names) {
  sortOut(names);
  for (Name* name : names) {
    const NameEntry& entry = name->second;
    if (entry.mentions == 0 && !entry.assumed && entry.mentioners.empty() &&
        entry.ref.kind == SymbolKind::None && (!entry.spares || entry.spares->empty()) &&
        !rebound_.contains(name)) {
      undefined_.erase(name);
      names_.erase(names_.find(name->first()));
    }
  }
}

void Registry::suspect(ImageId image) {
  ImageEntry& entry = images_[image.value];
  if (entry.removed && entry.image && !std::exchange(entry.suspected, true))
    suspects_.push_back(image.value);
}

void Registry::suspectImageOf(const GlobalRecord& variable) {
  if (const Definition where = variable.definition.load(); where.exists())
    suspect(where.image);
}

std::vector<GlobalRecord*> Registry::variablesOf(uint32_t image) {
  std::vector<GlobalId>& globals = images_[image].globals;
  sortOut(globals);
  std::vector<GlobalRecord*> variables;
  for (GlobalId id : globals) {
    if (GlobalRecord& record = globals_[id.value]; record.definition.load().image.value == image)
      variables.push_back(&record);
  }
  return variables;
}

/// Whether the one image is held. If not, `images` has grown by those that only held each other and it.
bool Registry::isHeld(std::vector<uint32_t>& images) {
  llvm::DenseSet<uint32_t> seen(llvm::from_range, images);
  for (size_t i = 0; i < images.size(); ++i) { // it grows
    if (images_[images[i]].uses > 0)
      return true;
    for (const GlobalRecord* variable : variablesOf(images[i])) {
      for (const Name* name : variable->names) {
        if (name->second.mentions > 0 || name->second.weakMentions > 0)
          return true;
        for (const Mentioner& mentioner : name->second.mentioners) {
          if (seen.insert(mentioner.image.value).second)
            images.push_back(mentioner.image.value);
        }
      }
    }
  }
  return false;
}

void Registry::release(uint32_t image, Released& released) {
  ImageEntry& entry = images_[image];
  for (const FreedVariable& constant : entry.replacedConstants)
    replacedBytes_.fetch_sub(constant.size, std::memory_order_relaxed);
  llvm::append_range(released.variables, entry.replacedConstants);
  const auto module = modules_.find(entry.module);
  const bool goesOn = module != modules_.end() && !module->second.images.empty() &&
                      module->second.incarnation == entry.incarnation;
  const auto freeConstant = [&](const FreedVariable& constant) {
    if (goesOn)
      replacedBytes_.fetch_add(constant.size, std::memory_order_relaxed);
    (goesOn ? module->second.replacedConstants : released.variables).push_back(constant);
  };
  for (const SymbolRef& ref : entry.values) {
    if (ref.kind == SymbolKind::Data)
      std::erase_if(globals_[ref.id].sharers,
                    [image](const Definition& d) { return d.image.value == image; });
  }
  for (GlobalRecord* variable : variablesOf(image)) {
    GlobalRecord& record = *variable;
    if (!record.sharers.empty()) { // another image goes on with it
      setDefinition(record, record.sharers.back());
      record.sharers.pop_back();
      continue;
    }
    // Members of a section share one piece of memory.
    if (std::byte* address = record.address.load(std::memory_order_relaxed);
        address && !record.threadLocal && record.section.empty()) {
      const FreedVariable storage{address, record.size, record.alignment};
      if (record.holdsImage)
        released.variables.push_back(storage);
      else
        freeConstant(storage);
    }
    if (const llvm::StringRef section(record.section.data(), record.section.size()); !section.empty()) {
      std::vector<GlobalId>& members = sections_[section];
      std::erase(members, record.id);
      if (members.empty())
        noteSection(section);
    }
    record.definition.store({});
    record.address.store(nullptr, std::memory_order_release);
    record.written = false;
    record.initialised.store(false, std::memory_order_release);
    record.size = 0;
    record.alignment = 1;
    record.section = {};
    record.holdsImage = false;
    freeGlobals_.push_back(record.id);
    for (Name* name : llvm::SmallVector<Name*, 1>(record.names)) {
      bind(*name, {});
      name->second.ownsRecord = name->second.orphaned = false;
      setStrength(*name, Strength::Undefined);
    }
  }
  llvm::for_each(entry.formerStorage, freeConstant);
  released.images.push_back(ImageId(image));
  pendingBytes_.fetch_sub(entry.image->bytes->getBufferSize(), std::memory_order_relaxed);
  entry = ImageEntry();
  entry.removed = true;
  freeImages_.push_back(ImageId(image));
}

Released Registry::releaseImages() {
  LockGuard lock(mutex_);
  Released released;
  while (!suspects_.empty()) { // the end of one lets go of others
    std::vector<uint32_t> images = {suspects_.back()};
    suspects_.pop_back();
    ImageEntry& first = images_[images.front()];
    if (!std::exchange(first.suspected, false) || isHeld(images))
      continue;
    std::vector<Name*> names;
    for (uint32_t image : images)
      forgetMentions(image, names);
    for (uint32_t image : images)
      release(image, released);
    forgetUnused(names);
  }
  if (!released.images.empty())
    releases_.fetch_add(1, std::memory_order_release);
  return released;
}

FunctionCounts Registry::counts(FunctionId id) {
  LockGuard lock(mutex_);
  const auto found = counts_.find(id.value);
  return found == counts_.end() ? FunctionCounts() : found->second;
}

void Registry::setCounts(FunctionId id, FunctionCounts counts) {
  LockGuard lock(mutex_);
  if (counts.counts || counts.targets)
    counts_[id.value] = std::move(counts);
  else
    counts_.erase(id.value);
}

} // namespace tiercel
