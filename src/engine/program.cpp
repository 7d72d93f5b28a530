// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adding what a program consists of, and running it as a whole.
#include "base/glob.h"
#include "engine/engine_impl.h"
#include "engine/open_image.h"
#include "engine/process_hooks.h"
#include "engine/undefined.h"
#include "platform/futex.h"
#include "platform/program_state_guard.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

#include <algorithm>
#include <set>
#include <unistd.h>

extern "C" void __cxa_finalize(void* dso);

namespace tiercel {

namespace {

constexpr const char* kSectionStart = "__start_";
constexpr const char* kSectionStop = "__stop_";

std::vector<AddedInitialiser> describeInitialisers(const std::vector<Initialiser>& entries, ImageId image,
                                                   ImageReader& reader, Registry& registry) {
  std::vector<AddedInitialiser> described;
  for (const Initialiser& entry : entries) {
    const llvm::StringRef name = reader.value(entry.function)->getName();
    AddedInitialiser added{entry, name.str(), registry.resolve(image, entry.function, name), {}};
    if (entry.associated != ~0u) {
      const llvm::GlobalValue& global = *reader.value(entry.associated);
      added.associated = global.getName().str();
      added.internal = global.hasLocalLinkage();
      added.prevailed = registry.prevails(image, entry.associated, global.getName());
    }
    described.push_back(std::move(added));
  }
  return described;
}

/// What was added behind the first `count`, newest first.
std::vector<Added> takeBeyond(OrderedByModule<Added>& added, size_t count) {
  std::vector<Added> parts;
  while (added.size() > count)
    parts.push_back(added.takeLast());
  return parts;
}

/// Something refers to it, or the compiler driver would ask for it (`-u`): programs that count for a profile
/// do not mention the runtime that writes it.
bool isWanted(Registry& registry, const std::string& name) {
  if (name == "__llvm_profile_runtime" && registry.find(name).kind == SymbolKind::None)
    return !registry.globalsInSection("__llvm_prf_cnts").empty();
  return registry.isUndefined(name);
}

} // namespace

// --- adding -----------------------------------------------------------------------------------------------

Status EngineImpl::addSource(const Source& source) {
  Result<Input> input = readSource(source, options_.frontend);
  return input ? addInput(std::move(*input)) : Status(input.takeError());
}

Status EngineImpl::addInput(Input input, const std::string& module) {
  // Libraries run constructors of their own when they are loaded: no lock.
  if (input.kind == InputKind::SharedLibrary)
    return host_.loadLibrary(input.name.find('/') == std::string::npos ? "./" + input.name : input.name);
  const std::string name = module.empty() ? input.name : module;
  std::vector<ArchiveMember> members;
  std::optional<OpenInput> opened;
  if (input.kind == InputKind::Archive) {
    Result<std::vector<ArchiveMember>> read = readArchive(input);
    if (!read)
      return read.takeError();
    members = std::move(*read);
    for (ArchiveMember& member : members)
      member.module = module.empty() ? member.input.name : module;
  } else {
    Result<OpenInput> read = openInput(std::move(input), pool_, statistics_);
    if (!read)
      return read.takeError();
    opened.emplace(std::move(*read));
  }
  LockGuard lock(loadMutex_);
  if (!module.empty() && hasModule(module))
    return Error(ErrorKind::DuplicateSymbol, "module '" + module + "'",
                 "there is one of this name; redefine it, or remove it first");
  const size_t addedBefore = added_.size(), membersBefore = archiveMembers_.size();
  for (ArchiveMember& member : members)
    archiveMembers_.append(std::move(member));
  Status status = opened ? addOne(std::move(*opened), name) : Status();
  if (status)
    status = pullArchiveMembers();
  if (!status) { // as if it had not been tried
    takeOut(takeBeyond(added_, addedBefore));
    while (archiveMembers_.size() > membersBefore)
      (void)archiveMembers_.takeLast();
  }
  return status;
}

Status EngineImpl::addOne(OpenInput input, const std::string& module) {
  return input.image ? addBitcode(std::move(input), module) : addObject(std::move(input), module, ImageId());
}

Status EngineImpl::pullArchiveMembers(llvm::StringRef entry) {
  const auto isEntry = [&](const std::string& name) { return name == entry && !registry_.isDefined(name); };
  // A member may need others: until nothing changes, as linkers do within a group.
  std::vector<ArchiveMember*> pulled;
  for (bool changed = true; changed;) {
    changed = false;
    for (ArchiveMember& member : archiveMembers_) {
      if (member.added ||
          std::none_of(member.defines.begin(), member.defines.end(),
                       [&](const std::string& name) { return isWanted(registry_, name) || isEntry(name); }))
        continue;
      member.added = true;
      changed = true;
      pulled.push_back(&member);
      // A copy: should another one fail, this is to be pulled again by the next who needs it.
      const llvm::MemoryBufferRef bytes = member.input.bytes->getMemBufferRef();
      Input copy{member.input.kind, member.input.name,
                 llvm::MemoryBuffer::getMemBufferCopy(bytes.getBuffer(), bytes.getBufferIdentifier())};
      Result<OpenInput> opened = openInput(std::move(copy), pool_, statistics_);
      Status status = opened ? addOne(std::move(*opened), member.module) : Status(opened.takeError());
      if (!status) {
        for (ArchiveMember* one : pulled)
          one->added = false;
        return status;
      }
    }
  }
  return {};
}

Status EngineImpl::addBitcode(OpenInput input, const std::string& module) {
  OpenImage& opened = *input.image;
  const std::shared_ptr<ProgramImage> image = opened.image;
  ImageReader& reader = *opened.reader;
  if (input.symbols) {
    if (Status status = registry_.checkObject(*input.symbols); !status)
      return status;
  }
  ImageId id;
  {
    LockGuard materialise(materialiseMutex_);
    LockGuard versions(versions_.mutex());
    Result<Change> change = registry_.add(image, reader, {.module = module});
    if (!change)
      return change.takeError();
    id = change->image;
    data_.imageCame(id);
    std::erase_if(change->changed, [&](FunctionId function) { return !mayHaveCode(function); });
    follow(std::move(*change));
  }
  added_.append({id, ObjectId(), module, image,
                 describeInitialisers(image->constructors, id, reader, registry_),
                 describeInitialisers(image->destructors, id, reader, registry_)});
  opened.session->adopt(id, std::move(opened.reader));
  statistics_.emit({EventKind::ModuleLoaded, image->name, 0, {}, nullptr, image->bytes->getBufferSize()});
  if (!input.object)
    return {};
  input.name += " (assembly)";
  return addObject(std::move(input), module, id);
}

/// Its cell may lead somewhere already: to code, or to what stood in for it.
bool EngineImpl::mayHaveCode(FunctionId function) {
  return table_.cell(function).load(std::memory_order_relaxed) != table_.lazyAddress(function) ||
         registry_.function(function).state() != FirstCompile::Lazy;
}

Status EngineImpl::addObject(OpenInput input, const std::string& module, ImageId scope) {
  const size_t bytes = input.object->getBufferSize();
  {
    // Compiles find its names from here on; they wait for the object.
    LockGuard materialise(materialiseMutex_);
    Result<ObjectId> id = registry_.addObject(*input.symbols);
    if (!id)
      return id.takeError();
    objects_.add(std::move(input.object), std::move(*input.symbols), scope, module);
    added_.append({ImageId(), *id, module, {}});
  }
  followOthers();
  statistics_.emit({EventKind::ModuleLoaded, input.name, 0, {}, nullptr, bytes});
  return {};
}

void EngineImpl::followOthers() {
  LockGuard versions(versions_.mutex());
  const bool closed = applyChange(registry_.rebound());
  if (unbindLate() || closed)
    settle();
}

Status EngineImpl::addLibrary(const std::string& name, const std::vector<std::string>& directories) {
  Result<std::string> path = findLibrary(name, directories);
  if (!path)
    return path.takeError();
  return path->empty() ? Status() : addSource(Source::file(*path));
}

Status EngineImpl::defineSymbol(const std::string& name, void* address) {
  if (Status status = registry_.defineAbsolute(name, address); !status)
    return status;
  followOthers();
  return {};
}

// --- looking up -------------------------------------------------------------------------------------------

Result<void*> EngineImpl::addressOf(const SymbolRef& ref) {
  switch (ref.kind) {
  case SymbolKind::Function:
    return static_cast<void*>(table_.stub(FunctionId(ref.id)));
  case SymbolKind::Data: {
    Result<std::byte*> address = data(GlobalId(ref.id));
    if (!address)
      return address.takeError();
    return static_cast<void*>(*address + ref.offset);
  }
  case SymbolKind::Object: {
    Result<std::byte*> address = object(ObjectId(ref.id), ref.offset, {});
    if (!address)
      return address.takeError();
    return static_cast<void*>(*address);
  }
  case SymbolKind::Absolute:
    return reinterpret_cast<void*>(ref.offset);
  case SymbolKind::Thread:
  case SymbolKind::None:
    break;
  }
  return static_cast<void*>(nullptr);
}

Result<void*> EngineImpl::lookupFunction(std::string_view name, std::string_view signature) {
  readiness_.beforeCall();
  const SymbolRef ref = registry_.find({name.data(), name.size()});
  if (ref.kind != SymbolKind::Function) {
    Result<void*> address = addressOf(ref);
    if (!address)
      return address.takeError();
    if (!*address || ref.kind == SymbolKind::Data)
      return Error(ErrorKind::MissingSymbol, std::string(name), "the program defines no such function");
    return address;
  }
  const FunctionRecord& record = registry_.function(FunctionId(ref.id));
  const Definition where = record.definition.load();
  if (!where.exists())
    return Error(ErrorKind::MissingSymbol, std::string(name),
                 record.removed.load(std::memory_order_relaxed) ? "it was removed from the program"
                                                                : "it is declared but not defined");
  if (!signature.empty()) {
    Result<SessionPool::Lease> session = pool_.borrow();
    if (!session)
      return session.takeError();
    Result<ImageReader*> reader = (*session)->readerOf(record, where);
    if (!reader)
      return reader.takeError();
    if (!*reader) // changed this moment
      return lookupFunction(name, signature);
    std::string actual;
    llvm::raw_string_ostream(actual) << *(*reader)->value(where.ordinal)->getValueType();
    if (actual != signature)
      return Error(ErrorKind::BadInput, std::string(name),
                   "asked for as '" + std::string(signature) + "', but it is '" + actual + "'");
  }
  return addressOf(ref);
}

std::vector<std::string> EngineImpl::functionNames() {
  std::set<std::string> names;
  for (uint32_t id = 0; id < registry_.functionCount(); ++id) {
    const FunctionRecord& record = registry_.function(FunctionId(id));
    if (record.definition.load().exists())
      names.emplace(record.name);
  }
  return {names.begin(), names.end()};
}

Result<std::vector<FunctionRecord*>> EngineImpl::definedFunctions(const std::vector<std::string>& patterns) {
  std::vector<bool> matched(patterns.size());
  std::vector<FunctionRecord*> functions;
  const size_t count = registry_.functionCount();
  for (uint32_t id = 0; id < count; ++id) {
    FunctionRecord& record = registry_.function(FunctionId(id));
    if (!record.definition.load().exists())
      continue;
    bool wanted = false;
    for (size_t i = 0; i < patterns.size(); ++i) {
      if (globMatches(patterns[i], record.name))
        wanted = matched[i] = true;
    }
    if (wanted)
      functions.push_back(&record);
  }
  std::vector<std::string> missing;
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (!matched[i])
      missing.push_back(patterns[i]);
  }
  if (!missing.empty())
    return Error(ErrorKind::MissingSymbol, llvm::join(missing, ", "),
                 "no function that is defined has such a name");
  return functions;
}

Result<void*> EngineImpl::lookupData(std::string_view name) {
  const SymbolRef ref = registry_.find({name.data(), name.size()});
  Result<void*> address = ref.kind == SymbolKind::Function ? Result<void*>(nullptr) : addressOf(ref);
  if (address && !*address)
    return Error(ErrorKind::MissingSymbol, std::string(name), "the program defines no such variable");
  return address;
}

void* EngineImpl::findProgramSymbol(const char* name) {
  ProgramStateGuard guard;
  const SymbolRef ref = registry_.findVisible(name);
  if (ref.kind == SymbolKind::Function && !registry_.function(FunctionId(ref.id)).definition.load().exists())
    return nullptr;
  Result<void*> address = addressOf(ref);
  return address ? *address : nullptr;
}

std::optional<void*> EngineImpl::host(llvm::StringRef name, bool weak) {
  if (std::optional<void*> bound = sectionBound(name))
    return bound;
  return weak ? host_.findLoaded(name) : host_.find(name);
}

bool EngineImpl::isSectionBound(llvm::StringRef name) {
  return (name.consume_front(kSectionStart) || name.consume_front(kSectionStop)) &&
         !registry_.globalsInSection(name).empty();
}

std::optional<void*> EngineImpl::sectionBound(llvm::StringRef name) {
  const bool start = name.consume_front(kSectionStart);
  if (!start && !name.consume_front(kSectionStop))
    return std::nullopt;
  const std::vector<GlobalId> members = registry_.globalsInSection(name);
  std::byte* bound = nullptr;
  for (GlobalId id : members) {
    Result<std::byte*> address = data(id);
    if (!address)
      return std::nullopt;
    std::byte* edge = start ? *address : *address + registry_.global(id).size;
    if (!bound || (start ? edge < bound : edge > bound))
      bound = edge;
  }
  return bound ? std::optional<void*>(bound) : std::nullopt;
}

// --- running ----------------------------------------------------------------------------------------------

/// Whether the entry's global is in force as the image has it, if it is there, or as its module has redefined
/// it.
bool EngineImpl::isToRun(const Added& added, const AddedInitialiser& entry, bool there) {
  if (entry.entry.associated == ~0u ||
      (there && registry_.prevails(added.image, entry.entry.associated, entry.associated)))
    return true;
  const llvm::StringRef name = linkerName(entry.associated);
  const Definition own = registry_.findInModule(added.module, name, entry.internal).where;
  // Other files of the module, as of an archive, have entries of their own.
  return entry.prevailed && own.exists() && registry_.prevails(own.image, own.ordinal, name) &&
         llvm::none_of(addedOf(added.module), [&](const Added* other) {
           return other->image == own.image && other->bytes.lock() == registry_.image(own.image);
         });
}

Status EngineImpl::collectFrom(const Added& added, Initialisations& into) {
  if (added.object.valid()) {
    Result<const LinkedObject*> object = objects_.linked(added.object);
    if (!object)
      return object.takeError();
    for (const LinkedObject::Initialiser& entry : (*object)->constructors)
      into.constructors.push_back({entry.priority, {}, entry.function, added.module});
    for (const LinkedObject::Initialiser& entry : (*object)->destructors)
      into.destructors.push_back({entry.priority, {}, entry.function, added.module});
    return {};
  }
  // Redefined since: the number may be another's, and what it defined is found by what it meant then.
  const std::shared_ptr<const ProgramImage> image = added.bytes.lock();
  const bool there = image && image == registry_.image(added.image);
  if (there) {
    Result<SessionPool::Lease> session = pool_.borrow();
    if (!session)
      return session.takeError();
    // Making a block of thread-locals known to the process takes malloc, so not in a first call.
    if (Status status = data_.ensureThreadBlock(added.image, **session); !status)
      return status;
  }
  for (const bool constructors : {true, false}) {
    std::vector<Initialisation>& to = constructors ? into.constructors : into.destructors;
    for (const AddedInitialiser& one : constructors ? added.constructors : added.destructors) {
      if (isToRun(added, one, there))
        to.push_back({one.entry.priority,
                      there ? registry_.resolve(added.image, one.entry.function, one.name) : one.function,
                      nullptr, added.module});
    }
  }
  return {};
}

Status EngineImpl::collectInitialisers(Initialisations& collected) {
  for (const Added& added : added_) {
    if (removing_.contains(added.module))
      continue; // it goes without having been there
    if (Status status = collectFrom(added, collected); !status)
      return status; // all of them again the next time
  }
  while (!added_.empty()) {
    Added added = added_.takeFirst();
    added.constructors = added.destructors = {};
    initialised_.append(std::move(added));
  }
  return {};
}

Status EngineImpl::beginConstructors() {
  Initialisations collected;
  if (Status status = collectInitialisers(collected); !status)
    return status;
  constructors_.begin(std::move(collected.constructors));
  // The reverse of how they would be constructed.
  std::vector<Initialisation>& destructors = collected.destructors;
  std::stable_sort(destructors.begin(), destructors.end(),
                   [](const Initialisation& a, const Initialisation& b) { return a.priority < b.priority; });
  for (Initialisation& destructor : destructors)
    destructors_.prepend(std::move(destructor));
  if (!destructors_.empty() && !destructorsRegistered_) {
    destructorsRegistered_ = true;
    // Before the constructors register anything: .fini_array runs after all of atexit's.
    registerDestructors(*this);
  }
  return {};
}

Status EngineImpl::runConstructors() {
  if (Status status = readiness_.beforeConstructors(); !status)
    return status;
  for (;;) {
    std::atomic<uint32_t>* changed = nullptr;
    uint32_t seen = 0;
    {
      LockGuard lock(loadMutex_);
      if (constructors_.mayBegin()) {
        if (Status status = beginConstructors(); !status)
          return status;
        break;
      }
      changed = &constructors_.changed();
      seen = changed->load(std::memory_order_acquire);
    }
    futexWait(*changed, seen);
  }
  // Also if a constructor ends the thread or throws; and then the rest is for the next call.
  const auto finish = llvm::make_scope_exit([&] {
    LockGuard lock(loadMutex_);
    constructors_.end();
  });
  using Function = void (*)(int, char**, char**);
  for (;;) {
    std::optional<Initialisation> entry;
    {
      LockGuard lock(loadMutex_);
      entry = constructors_.takeNext();
    }
    if (!entry)
      return {};
    Result<void*> code = addressOf(*entry);
    if (!code) {
      LockGuard lock(loadMutex_);
      constructors_.putBack(std::move(*entry));
      return code.takeError();
    }
    // glibc passes main's arguments to initialisers.
    if (*code)
      reinterpret_cast<Function>(*code)(static_cast<int>(arguments_.size()),
                                        argv_.empty() ? nullptr : argv_.data(), environ);
  }
}

void EngineImpl::runDestructors() {
  // One at a time, too: it may remove the module of another.
  for (;;) {
    std::vector<Initialisation> next;
    {
      LockGuard lock(loadMutex_);
      if (destructors_.empty())
        return;
      next.push_back(destructors_.takeFirst());
    }
    run(next);
  }
}

void EngineImpl::run(const std::vector<Initialisation>& functions) {
  for (const Initialisation& entry : functions) {
    Result<void*> code = addressOf(entry);
    if (code && *code)
      reinterpret_cast<void (*)()>(*code)();
  }
}

Result<void*> EngineImpl::addressOf(const Initialisation& entry) {
  if (entry.native)
    return static_cast<void*>(entry.native);
  if (entry.function.kind == SymbolKind::Function) {
    const FunctionRecord& record = registry_.function(FunctionId(entry.function.id));
    if (!record.definition.load().exists() && record.removed.load(std::memory_order_relaxed))
      return static_cast<void*>(nullptr);
  }
  return addressOf(entry.function);
}

Result<std::byte*> EngineImpl::dsoHandle(ImageId image) {
  return dsoHandles_.of(registry_.moduleOf({image, 0}));
}

Result<std::byte*> EngineImpl::dsoHandle(ObjectId object) {
  return dsoHandles_.of(objects_.moduleOf(object));
}

void* EngineImpl::dsoHandleOf(const void* function) {
  ProgramStateGuard guard; // the program asks, by way of runtime functions
  const FunctionRecord* record = functionAt(function);
  const std::string module =
      record ? registry_.moduleOf(record->definition.load()) : objects_.moduleAt(function);
  if (module.empty())
    return &dsoHandle_;
  Result<std::byte*> handle = dsoHandles_.of(module);
  return handle ? static_cast<void*>(*handle) : &dsoHandle_;
}

void EngineImpl::finaliseModule(const std::string& module) {
  if (void* handle = dsoHandles_.find(module)) // null would mean everybody's
    __cxa_finalize(handle);
}

Result<int> EngineImpl::runMain(const std::vector<std::string>& args, const std::string& entry) {
  if (!registry_.isDefined(entry)) { // as for a linker, which is given its name
    LockGuard lock(loadMutex_);
    const size_t added = added_.size();
    if (Status status = pullArchiveMembers(entry); !status) {
      takeOut(takeBeyond(added_, added));
      return status.takeError();
    }
  }
  const SymbolRef ref = registry_.find(entry);
  const bool defined = ref.kind == SymbolKind::Function
                           ? registry_.function(FunctionId(ref.id)).definition.load().exists()
                           : ref.kind == SymbolKind::Object;
  if (!defined)
    return Error(ErrorKind::MissingSymbol, "entry function '" + entry + "'",
                 "the program does not define it");
  if (ref.kind == SymbolKind::Function) {
    if (Status status = checkEntry(FunctionId(ref.id), entry); !status)
      return status.takeError();
  }
  arguments_ = args;
  argv_.clear();
  for (std::string& argument : arguments_)
    argv_.push_back(argument.data());
  argv_.push_back(nullptr);
  if (Status status = runConstructors(); !status)
    return status.takeError();
  Result<void*> main = addressOf(ref);
  if (!main)
    return main.takeError();
  using Main = int (*)(int, char**, char**);
  return reinterpret_cast<Main>(*main)(static_cast<int>(arguments_.size()), argv_.data(), environ);
}

Status EngineImpl::checkEntry(FunctionId id, const std::string& entry) {
  const FunctionRecord& record = registry_.function(id);
  const Definition where = record.definition.load();
  Result<SessionPool::Lease> session = pool_.borrow();
  if (!session)
    return session.takeError();
  Result<ImageReader*> reader = (*session)->readerOf(record, where);
  if (!reader)
    return reader.takeError();
  if (!*reader)
    return Error(ErrorKind::MissingSymbol, entry, "it was changed meanwhile");
  const auto* type = llvm::dyn_cast<llvm::FunctionType>((*reader)->value(where.ordinal)->getValueType());
  std::string text;
  llvm::raw_string_ostream(text) << *(*reader)->value(where.ordinal)->getValueType();
  const auto isArgument = [](unsigned i, const llvm::Type* t) {
    return i == 0 ? t->isIntegerTy(32) : i < 3 && t->isPointerTy();
  };
  bool fits = type && (type->getReturnType()->isIntegerTy(32) || type->getReturnType()->isVoidTy());
  for (unsigned i = 0; fits && i < type->getNumParams(); ++i)
    fits = isArgument(i, type->getParamType(i));
  if (!fits)
    return Error(ErrorKind::BadInput, "entry function '" + entry + "'",
                 "its type is '" + text + "'; it must be i32 or void, of (i32, ptr, ptr) or fewer");
  return {};
}

} // namespace tiercel
