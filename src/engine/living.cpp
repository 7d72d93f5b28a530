// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing a program that runs: adding, redefining and removing modules, with all that uses them following.
#include "base/diagnostics.h"
#include "engine/caller_checks.h"
#include "engine/engine_impl.h"
#include "engine/open_image.h"
#include "load/verify.h"
#include "platform/membarrier.h"
#include "platform/program_state_guard.h"
#include "registry/values.h"
#include "unit/abi.h"
#include "unit/same_body.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <optional>
#include <set>

namespace tiercel {

namespace {

std::string textOf(const llvm::Type& type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// What a variable must be for its content to stay.
std::string describeVariable(const llvm::GlobalVariable& variable) {
  return (variable.isThreadLocal() ? "thread_local " : "") + textOf(*variable.getValueType()) +
         (variable.getAlign() ? ", align " + std::to_string(variable.getAlign()->value()) : std::string());
}

/// Reads all bodies of a module that is about to come into a running program, and checks them.
Status readAll(ImageReader& reader, bool verify) {
  for (llvm::Function& function : reader.module()) {
    if (Status status = reader.readBody(function); !status)
      return status;
  }
  return verify ? tiercel::verify(reader.module(), reader.image().name) : Status();
}

/// Whether an alias stands for what the module's alias of this name stands for already.
bool isSameAlias(Registry& registry, const std::string& module, const llvm::GlobalAlias& alias,
                 const SymbolRef& known) {
  const AliasTarget target = targetOf(alias);
  if (!target.base)
    return false;
  SymbolRef ref =
      registry.findInModule(module, nameInModule(*target.base), target.base->hasLocalLinkage()).ref;
  ref.offset += target.offset;
  return ref == known;
}

Result<Likeness> compare(EngineImpl& engine, const std::string& module, llvm::GlobalValue& value,
                         Session& session, const RedefineOptions& options) {
  const llvm::StringRef name = linkerName(value.getName());
  const auto [ref, where, isAlias] =
      engine.registry().findInModule(module, nameInModule(value), value.hasLocalLinkage());
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorKind::BadInput, "redefinition of '" + name.str() + "'", why);
  };
  if (!where.exists())
    return Likeness::Different; // new, or back
  const auto likeness = [](bool same) { return same ? Likeness::Same : Likeness::Different; };
  if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(&value)) {
    if (isSameAlias(engine.registry(), module, *alias, ref))
      return Likeness::Same;
    return Error(ErrorKind::Unsupported, "redefinition of '" + name.str() + "'",
                 "an alias stands for another definition, which can be redefined by its own name");
  }
  if (isAlias)
    return refuse("it is an alias; what it stands for can be redefined by its own name");
  Result<ImageReader*> reader = session.reader(where.image);
  if (!reader)
    return reader.takeError();
  llvm::GlobalValue& before = *(*reader)->value(where.ordinal);
  if (llvm::isa<llvm::GlobalVariable>(before) != llvm::isa<llvm::GlobalVariable>(value))
    return refuse(llvm::isa<llvm::GlobalVariable>(value) ? "it is a function and would become a variable"
                                                         : "it is a variable and would become a function");
  if (auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value)) {
    const auto& old = llvm::cast<llvm::GlobalVariable>(before);
    // Its name means nothing: if it is not the same constant, whoever uses it uses the new one.
    if (value.hasLocalLinkage() && (variable->isConstant() || old.isConstant()))
      return likeness(variable->isConstant() && isSameVariable(*variable, old));
    if (!isSameStorage(*variable, old)) {
      if (!options.changeTypes || old.isThreadLocal() || variable->isThreadLocal())
        return refuse("its type is '" + describeVariable(old) + "', the new one's '" +
                      describeVariable(*variable) + "'");
      return Likeness::Different;
    }
    if (isSameVariable(*variable, old))
      return Likeness::Same;
    // What is in a variable stays; constants have no value but their own.
    return variable->isConstant() || old.isConstant() ? Likeness::Different : Likeness::SameStorage;
  }
  if (!isSameType(*before.getValueType(), *value.getValueType()) && !options.changeTypes)
    return refuse("its type is '" + textOf(*before.getValueType()) + "', the new one's '" +
                  textOf(*value.getValueType()) + "'");
  auto* function = llvm::dyn_cast<llvm::Function>(&value);
  auto* old = llvm::dyn_cast<llvm::Function>(&before);
  if (!function || !old)
    return Likeness::Different;
  if (!options.changeTypes && !isSameAbi(*old, *function))
    return refuse("its type is '" + signatureText(*old) + "', the new one's '" + signatureText(*function) +
                  "': callers are compiled for one of them; to redefine it all the same, allow other types "
                  "(changeTypes; types=change in a session)");
  if (Status status = (*reader)->readBody(*old); !status)
    return status.takeError();
  return likeness(isSameBody(*old, *function));
}

/// By ordinal; an error for what a redefinition must not do.
Result<std::vector<Likeness>> compareDefinitions(EngineImpl& engine, const std::string& module,
                                                 ImageReader& reader, Session& session,
                                                 const RedefineOptions& options) {
  std::vector<Likeness> likeness(reader.valueCount());
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    llvm::GlobalValue& value = *reader.value(ordinal);
    if (value.isDeclaration() || value.hasAvailableExternallyLinkage() ||
        value.getName().starts_with("llvm.") || !value.hasName())
      continue;
    Result<Likeness> compared = compare(engine, module, value, session, options);
    if (!compared)
      return compared.takeError();
    likeness[ordinal] = *compared;
  }
  if (!options.changeTypes) {
    if (Status status = checkCallers(engine.registry(), module, reader, session, likeness); !status)
      return status.takeError();
  }
  return likeness;
}

/// Variables have to exist when the code that uses them is compiled: in the middle of the program.
Status checkVariables(EngineImpl& engine, const std::string& module, ImageReader& reader) {
  std::vector<std::string> missing;
  for (const llvm::GlobalVariable& variable : reader.module().globals()) {
    if (!variable.isDeclaration() || variable.hasExternalWeakLinkage() || variable.use_empty())
      continue;
    const llvm::StringRef name = linkerName(variable.getName());
    if (engine.registry().find(name).kind == SymbolKind::None &&
        engine.registry().findInModule(module, name, /*internal=*/true).ref.kind == SymbolKind::None &&
        !engine.host(name, /*weak=*/false))
      missing.push_back(name.str());
  }
  if (missing.empty())
    return {};
  return Error(ErrorKind::MissingSymbol, reader.image().name,
               "it uses '" + llvm::join(missing, "', '") + "', which nothing defines");
}

/// Leaves out functions of which the process has another, that takes their place in compiled code. Not those
/// that native code uses: it has their addresses for good. The load lock may be held, none of those under it.
void eraseWhatProcessHas(EngineImpl& engine, std::vector<std::string>& names) {
  std::erase_if(names, [&](const std::string& name) {
    const SymbolRef ref = engine.registry().find(name);
    if (ref.kind != SymbolKind::Function || engine.isUsedByObjects(name))
      return false;
    // What libraries were shown of the program is in the process, too.
    const std::optional<void*> other = engine.host(name, /*weak=*/true);
    return other && *other && *other != engine.function(FunctionId(ref.id));
  });
}

Error isBeingRemoved(const std::string& module) {
  return {ErrorKind::BadInput, "module '" + module + "'", "it is being removed at this moment"};
}

} // namespace

// --- adding -----------------------------------------------------------------------------------------------

bool EngineImpl::hasModule(const std::string& module) {
  return registry_.hasModule(module) || added_.has(module) || initialised_.has(module) ||
         archiveMembers_.has(module);
}

Status EngineImpl::add(const std::string& module, const Source& source) {
  if (module.empty())
    return Error(ErrorKind::BadInput, "module", "it needs a name");
  Result<Input> input = readSource(source, options_.frontend);
  if (!input)
    return input.takeError();
  if (input->kind == InputKind::SharedLibrary)
    return Error(ErrorKind::Unsupported, source.name,
                 "a shared library is no module: it cannot be removed again; load it with addFile");
  if (input->kind == InputKind::Bitcode && !input->verified) {
    auto image = std::make_shared<ProgramImage>();
    image->name = input->name;
    image->bytes = llvm::MemoryBuffer::getMemBuffer(input->bytes->getMemBufferRef(), false);
    llvm::LLVMContext context;
    context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>());
    Result<std::unique_ptr<ImageReader>> reader = ImageReader::open(std::move(image), context);
    if (!reader)
      return reader.takeError();
    if (Status status = readAll(**reader, options_.verify); !status)
      return status;
  }
  return addInput(std::move(*input), module);
}

// --- redefining -------------------------------------------------------------------------------------------

Status EngineImpl::redefine(const std::string& module, const Source& source, const RedefineOptions& options) {
  Result<Input> input = readSource(source, options_.frontend);
  if (!input)
    return input.takeError();
  if (input->kind != InputKind::Bitcode)
    return Error(ErrorKind::Unsupported, source.name,
                 "only IR, C and C++ can redefine; remove the module and add the object");
  const bool verify = options_.verify && !input->verified;
  Result<OpenImage> opened = openImage(std::move(*input), pool_);
  if (!opened)
    return opened.takeError();
  const std::shared_ptr<ProgramImage> image = opened->image;
  ImageReader& reader = *opened->reader;
  if (!reader.module().getModuleInlineAsm().empty())
    return Error(ErrorKind::Unsupported, image->name, "module-level assembly cannot be redefined");
  if (Status status = readAll(reader, verify); !status)
    return status;
  LockGuard lock(loadMutex_);
  if (removing_.contains(module))
    return isBeingRemoved(module);
  if (archiveMembers_.has(module))
    return Error(ErrorKind::Unsupported, "module '" + module + "'",
                 "it came from an archive; remove it and add it again");
  if (!registry_.hasModule(module))
    return Error(ErrorKind::MissingSymbol, "module '" + module + "'",
                 hasModule(module) ? "it has no IR so far; remove it and add it again"
                                   : "there is none of this name; add it first");
  Result<std::vector<Likeness>> likeness =
      compareDefinitions(*this, module, reader, *opened->session, options);
  if (!likeness)
    return likeness.takeError();
  if (Status status = checkVariables(*this, module, reader); !status)
    return status;

  const AddRules rules{.module = module, .redefine = true, .likeness = std::move(*likeness)};
  std::optional<ImageId> id;
  std::set<FunctionId> failed; // to get code: nobody can be calling it
  while (!id) {
    std::vector<FunctionId> withoutCode;
    {
      LockGuard materialise(materialiseMutex_);
      LockGuard versions(versions_.mutex());
      withoutCode = outdatedCallers_.withoutCode(versions_, module, reader, rules.likeness);
      std::erase_if(withoutCode, [&](FunctionId function) { return failed.contains(function); });
      if (withoutCode.empty()) {
        Result<Change> change = registry_.add(image, reader, rules);
        if (!change)
          return change.takeError();
        id = change->image;
        data_.imageCame(*id);
        follow(std::move(*change));
        releaseData();
      }
    }
    for (FunctionId function : withoutCode) {
      ProgramStateGuard guard;
      if (!ensureCompiled(registry_.function(function)))
        failed.insert(function);
    }
  }
  settle();
  // The old bodies were read for the comparison and are not wanted any more; the new ones soon are.
  opened->session->adopt(*id, std::move(opened->reader));
  statistics_.redefinitions.add();
  statistics_.emit({EventKind::ModuleLoaded, image->name, 0, {}, nullptr, image->bytes->getBufferSize()});
  return {};
}

// --- what follows from a change ---------------------------------------------------------------------------

/// Drops all code of a function; the next call compiles it.
void EngineImpl::close(FunctionRecord& record) {
  versions_.withdraw(record);
  const uint32_t next = record.epoch.load(std::memory_order_relaxed) + 1;
  record.epoch.store(next == 0 ? 1 : next, std::memory_order_release);
  publish(record.id, table_.lazyAddress(record.id));
  record.tier.store(0, std::memory_order_release); // after the epoch: prepare.cpp
  record.codeBytes.store(0, std::memory_order_relaxed);
  record.pinned.store(false, std::memory_order_relaxed);
  record.continuable.store(false, std::memory_order_relaxed);
  promoter_.forget(record);
  if (!record.definition.load().exists()) {
    registry_.setCounts(record.id, {});
    inlining_.forget(record.id.value);
    firstCompiles_.forget(record);
  }
  // Who compiles it at this moment finds the epoch changed and starts again.
  for (const FirstCompile done : {FirstCompile::Ready, FirstCompile::Failed}) {
    auto expected = static_cast<uint32_t>(done);
    record.firstCompile.compare_exchange_strong(expected, static_cast<uint32_t>(FirstCompile::Lazy),
                                                std::memory_order_acq_rel);
  }
}

void EngineImpl::fallBack(CodeVersion& dependent) {
  FunctionRecord& record = registry_.function(dependent.function);
  const FunctionCode* code = versions_.find(record.id);
  if (dependent.osrHeader) {
    if (const auto found = code->continuations.find(*dependent.osrHeader);
        found != code->continuations.end() && found->second == &dependent)
      versions_.withdrawContinuation(record, *dependent.osrHeader);
    return;
  }
  if (code->current != &dependent)
    return;
  const unsigned tier = dependent.tier;
  if (CodeVersion* first = versions_.revive(record);
      first && outdatedCallers_.prepare(versions_, record.id, first->entry)) {
    record.tier.store(0, std::memory_order_release);
    record.codeBytes.store(static_cast<uint32_t>(first->bytes), std::memory_order_relaxed);
    publish(record.id, first->entry);
    promoter_.again(record, tier);
  } else {
    close(record);
  }
}

void EngineImpl::follow(Change change) {
  // A variable that gets new memory: code made for the old one must not be entered any more.
  const std::vector<FunctionId> users = registry_.functionsAround(change.renewed);
  change.changed.insert(change.changed.end(), users.begin(), users.end());
  applyChange(change.changed);
  // Its old memory goes with the image that gave it a new one, but not before the code that uses it. All of
  // that is retired by now.
  if (!change.renewed.empty())
    versions_.holdForRetired(change.image);
}

bool EngineImpl::applyChange(std::span<const FunctionId> changed) {
  versions_.noteChange();
  const std::vector<OutdatedCallers::Reached> before = outdatedCallers_.reached(versions_, changed);
  for (FunctionId id : changed)
    close(registry_.function(id));
  outdatedCallers_.changed(versions_, before);
  std::vector<CodeVersion*> disappointed;
  const auto add = [&](const std::vector<CodeVersion*>& more) {
    disappointed.insert(disappointed.end(), more.begin(), more.end());
  };
  for (FunctionId id : changed)
    add(versions_.disappointed(id));
  for (const std::string& name : registry_.takeNamesThatCameOrWent())
    add(versions_.disappointed(name));
  fallBack(disappointed);
  return !changed.empty() || !disappointed.empty();
}

void EngineImpl::fallBack(std::span<CodeVersion* const> versions) {
  for (CodeVersion* version : versions)
    version->outOfDate = true; // so that none of them is revived
  for (CodeVersion* version : versions)
    fallBack(*version);
}

Status EngineImpl::libraryCame(std::span<const GlobalId> waiting) {
  Status status;
  if (!waiting.empty()) {
    Result<SessionPool::Lease> session = pool_.borrow();
    status = session ? data_.ensure(waiting, **session) : Status(session.takeError());
  }
  LockGuard versions(versions_.mutex());
  const std::vector<CodeVersion*> disappointed = versions_.disappointedByProcess();
  fallBack(disappointed);
  if (unbindLate() || !disappointed.empty())
    settle();
  return status;
}

Status EngineImpl::discardCode(const std::vector<std::string>& patterns) {
  Result<std::vector<FunctionRecord*>> functions = definedFunctions(patterns);
  if (!functions)
    return functions.takeError();
  {
    LockGuard versions(versions_.mutex());
    for (FunctionRecord* record : *functions) {
      if (record->state() != FirstCompile::Lazy)
        close(*record);
    }
  }
  settle();
  return {};
}

// --- removing ---------------------------------------------------------------------------------------------

Status EngineImpl::remove(const std::string& module, const RemoveOptions& options) {
  std::vector<Initialisation> destructors;
  {
    LockGuard lock(loadMutex_);
    if (!hasModule(module))
      return Error(ErrorKind::MissingSymbol, "module '" + module + "'", "there is none of this name");
    if (removing_.contains(module))
      return isBeingRemoved(module);
    if (!options.force) {
      std::vector<std::string> used = registry_.usedByOthers(module);
      for (const Added* added : addedOf(module)) {
        if (added->object.valid()) {
          const std::vector<std::string> names = objects_.definitions(added->object);
          used.insert(used.end(), names.begin(), names.end());
        }
      }
      eraseWhatProcessHas(*this, used);
      if (const std::string users = describeUsers(used, module); !users.empty())
        return Error(ErrorKind::BadInput, "module '" + module + "'", "still in use: " + users);
    }
    constructors_.drop(module);
    destructors = destructors_.take(module);
    removing_.insert(module);
  }
  // The program's code: without locks, and while all that it uses is there.
  run(destructors);
  finaliseModule(module);

  {
    LockGuard lock(loadMutex_);
    removing_.erase(module);
    (void)archiveMembers_.take(module);
    std::vector<Added> parts = initialised_.take(module);
    for (Added& added : added_.take(module))
      parts.push_back(std::move(added));
    std::erase_if(parts, [](const Added& added) { return !added.object.valid(); });
    for (ImageId image : registry_.imagesOf(module)) // more than were added: redefinitions, too
      parts.push_back({image, ObjectId(), module, {}});
    takeOut(parts);
  }
  statistics_.removals.add();
  statistics_.emit({EventKind::ModuleRemoved, module, 0, {}});
  return {};
}

std::vector<Added*> EngineImpl::addedOf(const std::string& module) {
  std::vector<Added*> parts = initialised_.of(module);
  const std::vector<Added*> others = added_.of(module);
  parts.insert(parts.end(), others.begin(), others.end());
  return parts;
}

void EngineImpl::takeOut(std::span<const Added> parts) {
  std::vector<ImageId> images;
  for (const Added& part : parts) {
    if (!part.object.valid())
      images.push_back(part.image);
  }
  {
    LockGuard materialise(materialiseMutex_);
    LockGuard versions(versions_.mutex());
    const std::vector<FunctionId> changed = registry_.removeImages(images);
    for (const Added& part : parts) {
      if (part.object.valid())
        takeOutObject(part.object);
    }
    applyChange(changed);
    applyChange(registry_.rebound());
    unbindLate();
    releaseData();
  }
  settle();
}

void EngineImpl::takeOutObject(ObjectId object) {
  versions_.objectRemoved(object);
  if (std::unique_ptr<CodeVersion> code = objects_.remove(object, registry_))
    versions_.retire(*versions_.adopt(std::move(code)));
  // Code that calls it has its addresses, not those of stubs.
  fallBack(versions_.users(object));
}

bool EngineImpl::unbindLate() {
  const std::vector<FunctionId> bound = std::exchange(boundLate_, {});
  for (FunctionId id : bound) {
    if (FunctionRecord& record = registry_.function(id); !record.definition.load().exists())
      close(record);
  }
  return !bound.empty();
}

Status EngineImpl::removeFunction(const std::string& name, const RemoveOptions& options) {
  LockGuard lock(loadMutex_);
  const SymbolRef ref = registry_.findAnywhere(name);
  if (ref.kind != SymbolKind::Function || !registry_.function(FunctionId(ref.id)).definition.load().exists())
    return Error(ErrorKind::MissingSymbol, "function '" + name + "'", "the program does not define it");
  if (!options.force) {
    std::vector<std::string> used{name};
    eraseWhatProcessHas(*this, used);
    if (const std::string users = describeUsers(used); !users.empty())
      return Error(ErrorKind::BadInput, "function '" + name + "'", "still in use: " + users);
  }
  {
    LockGuard materialise(materialiseMutex_);
    LockGuard versions(versions_.mutex());
    applyChange(registry_.removeFunction(FunctionId(ref.id)));
    releaseData();
  }
  settle();
  statistics_.removals.add();
  return {};
}

void EngineImpl::settle() {
  serialiseAllThreads();
  housekeeper_.programChanged();
}

/// Gives back memory of images and objects that nothing refers to any more.
void EngineImpl::releaseData() {
  const Released released = registry_.releaseImages();
  for (const FreedVariable& variable : released.variables)
    arena_->freeData(variable.address, variable.size, variable.alignment);
  for (ImageId image : released.images)
    if (void* library = data_.takeThreadBlock(image))
      collector_.closeLater(library);
  if (applyChange({})) // names of sections end with their members
    serialiseAllThreads();
}

} // namespace tiercel
