// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function map, for those who ask.
#include "engine/engine_impl.h"

#include "llvm/IR/Module.h"

#include <map>
#include <set>

namespace tiercel {

namespace {

std::string linkageText(const llvm::GlobalValue& value) {
  switch (value.getLinkage()) {
  case llvm::GlobalValue::ExternalLinkage:
    return "external";
  case llvm::GlobalValue::AvailableExternallyLinkage:
    return "available_externally";
  case llvm::GlobalValue::LinkOnceAnyLinkage:
    return "linkonce";
  case llvm::GlobalValue::LinkOnceODRLinkage:
    return "linkonce_odr";
  case llvm::GlobalValue::WeakAnyLinkage:
    return "weak";
  case llvm::GlobalValue::WeakODRLinkage:
    return "weak_odr";
  case llvm::GlobalValue::InternalLinkage:
    return "internal";
  case llvm::GlobalValue::PrivateLinkage:
    return "private";
  default:
    return "other";
  }
}

FunctionState stateOf(const FunctionRecord& record, bool defined) {
  if (!defined)
    return record.removed.load(std::memory_order_relaxed) ? FunctionState::Removed : FunctionState::Undefined;
  switch (record.state()) {
  case FirstCompile::Lazy:
    return FunctionState::Lazy;
  case FirstCompile::Compiling:
    return FunctionState::Compiling;
  case FirstCompile::Ready:
    return FunctionState::Ready;
  case FirstCompile::Failed:
    return FunctionState::Failed;
  }
  return FunctionState::Lazy;
}

} // namespace

Result<FunctionInfo> EngineImpl::describe(std::string_view name) {
  const SymbolRef ref = registry_.findAnywhere({name.data(), name.size()});
  if (ref.kind != SymbolKind::Function)
    return Error(ErrorKind::MissingSymbol, std::string(name), "the program has no function of this name");
  FunctionRecord& record = registry_.function(FunctionId(ref.id));
  Result<SessionPool::Lease> session = pool_.borrow();
  if (!session)
    return session.takeError();

  FunctionInfo info;
  info.name = record.name;
  info.address = table_.stub(record.id);
  const Definition where = record.definition.load();
  if (where.exists()) {
    Result<ImageReader*> reader = (*session)->readerOf(record, where);
    if (reader && *reader) {
      const llvm::GlobalValue& value = *(*reader)->value(where.ordinal);
      llvm::raw_string_ostream(info.type) << *value.getValueType();
      info.linkage = linkageText(value);
    }
    info.module = registry_.moduleOf(where);
  }
  std::map<std::string, FunctionUser> users;
  const auto userOf = [&](const CodeVersion& version) -> FunctionUser& {
    std::string user =
        version.function.valid() ? std::string(registry_.function(version.function).name) : "a native object";
    FunctionUser& entry = users[user];
    entry.function = std::move(user);
    return entry;
  };
  LockGuard lock(versions_.mutex());
  info.state = stateOf(record, where.exists());
  info.tier = record.tier.load(std::memory_order_relaxed);
  info.version = record.serial.load(std::memory_order_relaxed);
  if (const FunctionCode* code = versions_.find(record.id)) {
    info.code = code->current ? code->current->entry : nullptr;
    info.codeBytes = code->current ? code->current->bytes : 0;
    info.continuations = code->continuations.size();
    info.retired = code->retired;
  }
  for (const CodeVersion* version : versions_.users(record.id))
    userOf(*version).mentions = true;
  for (const CodeVersion* version : versions_.dependents(record.id)) {
    if (!version->retired)
      userOf(*version).inlines = true;
  }
  for (const std::byte* site : calls_.users(record.id)) {
    if (const std::optional<CodeRange> range = map_.lookup(site); range && range->function.valid()) {
      FunctionUser& user = users[std::string(range->name)];
      user.function = range->name;
      ++user.directCalls;
    }
  }
  for (auto& [key, user] : users)
    info.users.push_back(std::move(user));
  return info;
}

std::vector<ModuleInfo> EngineImpl::modules() {
  std::vector<ModuleInfo> list = registry_.modules();
  std::set<std::string> known;
  for (const ModuleInfo& module : list)
    known.insert(module.name);
  const auto note = [&](const std::string& name) {
    if (known.insert(name).second)
      list.push_back({.name = name});
  };
  LockGuard lock(loadMutex_);
  for (auto* parts : {&initialised_, &added_}) {
    for (const Added& added : *parts) // native objects
      note(added.module);
  }
  for (const ArchiveMember& member : archiveMembers_) {
    if (member.added || member.module != member.input.name) // else a module only if it is needed
      note(member.module);
  }
  return list;
}

} // namespace tiercel
