// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/native_objects.h"

#include "base/llvm_error.h"
#include "link/object_checks.h"
#include "link/synthetic_library.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELFObjectFile.h"

#include <algorithm>
#include <utility>

namespace tiercel {

Result<ObjectSymbols> readObjectSymbols(llvm::MemoryBufferRef object) {
  const std::string name = object.getBufferIdentifier().str();
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile(object);
  if (!file)
    return fromLlvm(file.takeError(), ErrorKind::BadInput, name);
  if (Status status = checkLinkable(object); !status)
    return status.takeError();
  // Undefined symbols have no type; how they are used tells functions that are only called from the rest.
  llvm::StringSet<> usedAsData;
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    for (const llvm::object::RelocationRef& relocation : section.relocations()) {
      if (relocation.getType() == llvm::ELF::R_X86_64_PLT32 ||
          relocation.getSymbol() == (*file)->symbol_end())
        continue;
      if (llvm::Expected<llvm::StringRef> used = relocation.getSymbol()->getName())
        usedAsData.insert(*used);
      else
        llvm::consumeError(used.takeError());
    }
  }
  ObjectSymbols symbols;
  symbols.name = name;
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    const llvm::object::ELFSymbolRef elf(symbol);
    llvm::Expected<llvm::StringRef> text = symbol.getName();
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!text || !flags) {
      llvm::consumeError(text.takeError());
      llvm::consumeError(flags.takeError());
      return Error(ErrorKind::BadInput, name, "its symbol table is damaged");
    }
    if (text->empty() || elf.getBinding() == llvm::ELF::STB_LOCAL)
      continue;
    const bool weak = *flags & llvm::object::SymbolRef::SF_Weak;
    if (*flags & llvm::object::SymbolRef::SF_Undefined) {
      if (!weak)
        symbols.undefined.push_back({text->str(), usedAsData.contains(*text)});
      continue;
    }
    symbols.defined.push_back(
        {text->str(), weak, (*flags & llvm::object::SymbolRef::SF_Common) != 0,
         (*flags & llvm::object::SymbolRef::SF_Exported) == 0,
         elf.getELFType() == llvm::ELF::STT_FUNC || elf.getELFType() == llvm::ELF::STT_GNU_IFUNC});
  }
  return symbols;
}

void NativeObjects::add(std::unique_ptr<llvm::MemoryBuffer> bytes, ObjectSymbols symbols, ImageId scope,
                        const std::string& module) {
  LockGuard lock(mutex_);
  auto object = std::make_unique<Object>();
  object->bytes = std::move(bytes);
  object->symbols = std::move(symbols);
  object->scope = scope;
  object->module = module;
  objects_.push_back(std::move(object));
}

NativeObjects::~NativeObjects() {
  for (void* library : libraries_)
    closeSyntheticLibrary(library);
}

void NativeObjects::addLibrary(ObjectSymbols symbols, void* exports) {
  add(nullptr, std::move(symbols), ImageId(), "");
  LockGuard lock(mutex_);
  if (exports)
    libraries_.push_back(exports);
}

NativeObjects::Shown NativeObjects::shown(const std::string& name) {
  LockGuard lock(mutex_);
  return shown_.lookup(name);
}

void NativeObjects::noteShown(const std::string& name, Shown how) {
  LockGuard lock(mutex_);
  shown_[name] = how;
}

std::byte* NativeObjects::resolverOf(FunctionId function) {
  LockGuard lock(mutex_);
  return resolvers_.lookup(function.value);
}

std::vector<std::string> NativeObjects::usersOf(const std::string& undefined,
                                                const std::string& exceptModule) {
  LockGuard lock(mutex_);
  std::vector<std::string> users;
  for (const auto& object : objects_) {
    if (!object || (!exceptModule.empty() && object->module == exceptModule))
      continue;
    const auto& list = object->symbols.undefined;
    if (std::any_of(list.begin(), list.end(),
                    [&](const auto& entry) { return entry.name == undefined && !entry.perhaps; }))
      users.push_back(object->symbols.name);
  }
  return users;
}

std::string NativeObjects::moduleAt(const void* address) {
  LockGuard lock(mutex_);
  for (const auto& object : objects_) {
    if (!object || !object->result.version)
      continue;
    const CodeBlock& code = object->result.version->code;
    const auto* place = static_cast<const std::byte*>(address);
    if (place >= code.exec && place < code.exec + code.size)
      return object->module;
  }
  return {};
}

std::vector<std::string> NativeObjects::definitions(ObjectId id) {
  LockGuard lock(mutex_);
  std::vector<std::string> names;
  if (objects_[id.value]) {
    for (const ObjectSymbol& symbol : objects_[id.value]->symbols.defined)
      names.push_back(symbol.name);
  }
  return names;
}

std::unique_ptr<CodeVersion> NativeObjects::remove(ObjectId id, Registry& registry) {
  LockGuard lock(mutex_);
  const std::unique_ptr<Object> object = std::move(objects_[id.value]);
  if (!object)
    return nullptr;
  registry.removeObject(id, object->symbols);
  for (const auto& [function, resolver] : object->result.resolvers)
    resolvers_.erase(function.value);
  if (object->result.version)
    object->result.version->addressesEscape = object->escapes;
  return std::move(object->result.version);
}

Status NativeObjects::link(ObjectId id) {
  if (!objects_[id.value])
    return Error(ErrorKind::MissingSymbol, "native object", "it was removed");
  Object& object = *objects_[id.value];
  if (object.state != Object::Pending)
    return {}; // linked, or being linked further out: its addresses are known
  object.state = Object::Linking;
  Status status = withThreads_([&](ThreadLocalSource& threads) -> Status {
    Result<LinkedObject> result = linker_.linkObject(object.bytes->getMemBufferRef(), object.scope, id,
                                                     threads, [&object](const LinkedObject& addresses) {
                                                       object.result.symbols = addresses.symbols;
                                                       object.result.threadLocals = addresses.threadLocals;
                                                     });
    if (!result)
      return Error(result.error().kind(), object.symbols.name, result.error().why());
    object.result = std::move(*result);
    return {};
  });
  object.state = status ? Object::Linked : Object::Pending;
  for (const auto& [function, resolver] : object.result.resolvers)
    resolvers_[function.value] = resolver;
  if (void* library = std::exchange(object.result.threadLibrary, nullptr))
    libraries_.push_back(library);
  return status;
}

Result<std::byte*> NativeObjects::address(ObjectId id, int64_t symbol, const ObjectUser& user) {
  LockGuard lock(mutex_);
  if (Status status = link(id); !status)
    return status.takeError();
  Object& object = *objects_[id.value];
  const ObjectSymbol& definition = object.symbols.defined[static_cast<size_t>(symbol)];
  const bool goesWithIt = user.object.valid() && objects_[user.object.value]->module == object.module;
  object.escapes |= !user.callsOnly && !goesWithIt;
  const std::string& name = definition.name;
  auto found = object.result.symbols.find(name);
  if (found == object.result.symbols.end())
    return Error(ErrorKind::Internal, object.symbols.name, "symbol '" + name + "' has no address");
  return found->second;
}

Result<ThreadLocalPlace> NativeObjects::threadLocal(ObjectId id, int64_t symbol) {
  LockGuard lock(mutex_);
  if (Status status = link(id); !status)
    return status.takeError();
  const Object& object = *objects_[id.value];
  const std::string& name = object.symbols.defined[static_cast<size_t>(symbol)].name;
  const auto found = object.result.threadLocals.find(name);
  if (found == object.result.threadLocals.end())
    return Error(ErrorKind::BadInput, object.symbols.name, "'" + name + "' is not a thread-local there");
  return found->second;
}

Result<const LinkedObject*> NativeObjects::linked(ObjectId id) {
  LockGuard lock(mutex_);
  if (Status status = link(id); !status)
    return status.takeError();
  return static_cast<const LinkedObject*>(&objects_[id.value]->result);
}

} // namespace tiercel
