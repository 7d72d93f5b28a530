// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Explaining what is missing. Reads all that mentions it, which only the way to an error message may.
#include "base/diagnostics.h"
#include "engine/engine_impl.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

#include <algorithm>
#include <map>

namespace tiercel {

namespace {

/// The functions and global variables that mention a constant, directly or within other constants.
void collectUsers(const llvm::Value& value, llvm::SetVector<const llvm::GlobalValue*>& users) {
  for (const llvm::User* user : value.users()) {
    if (const auto* instruction = llvm::dyn_cast<llvm::Instruction>(user))
      users.insert(instruction->getFunction());
    else if (const auto* global = llvm::dyn_cast<llvm::GlobalValue>(user))
      users.insert(global);
    else
      collectUsers(*user, users);
  }
}

} // namespace

std::string EngineImpl::describeUsers(const std::vector<std::string>& names, const std::string& except) {
  std::map<std::string, std::string> usersOf;
  const auto note = [&usersOf](const std::string& name, const std::string& user) {
    std::string& list = usersOf[name];
    list += (list.empty() ? "" : ", ") + user;
  };
  std::map<ImageId, std::vector<std::string>> mentioned;
  for (const std::string& name : names) {
    for (ImageId image : registry_.imagesMentioning(name))
      mentioned[image].push_back(name);
  }
  for (const auto& [id, own] : mentioned) {
    std::shared_ptr<const ProgramImage> image = registry_.image(id);
    if (!image || (!except.empty() && registry_.moduleOf({id, 0}) == except))
      continue;
    llvm::LLVMContext context;
    context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>());
    Result<std::unique_ptr<ImageReader>> reader = ImageReader::open(std::move(image), context);
    if (!reader)
      continue;
    llvm::Module& module = (*reader)->module();
    if (llvm::Error error = module.materializeAll()) {
      llvm::consumeError(std::move(error));
      continue;
    }
    for (const std::string& name : own) {
      const llvm::GlobalValue* value = module.getNamedValue(name);
      if (!value)
        continue;
      llvm::SetVector<const llvm::GlobalValue*> users;
      collectUsers(*value, users);
      for (const llvm::GlobalValue* user : users) {
        // What was redefined since mentions nothing any more.
        const uint32_t ordinal = (*reader)->ordinalOf(user);
        if (user != value &&
            (user->getName().starts_with("llvm.") || registry_.prevails(id, ordinal, user->getName())))
          note(name, "'" + user->getName().str() + "'");
      }
    }
  }
  for (const std::string& name : names) {
    for (const std::string& object : objects_.usersOf(name, except))
      note(name, object);
  }
  std::string text;
  for (const std::string& name : names) {
    if (auto users = usersOf.find(name); users != usersOf.end())
      text += (text.empty() ? "'" : "; '") + name + "' (used by " + users->second + ")";
  }
  return text;
}

Error EngineImpl::undefinedCall(const FunctionRecord& record, const void* returnAddress) {
  const std::optional<CodeRange> caller = map_.lookup(returnAddress);
  std::string why = record.removed.load(std::memory_order_relaxed) ? "it was removed from the program"
                                                                   : "nothing defines it";
  if (caller && !caller->name.empty())
    why += "; called by '" + std::string(caller->name) + "'";
  std::vector<std::string> others;
  for (const auto& [name, isData] : registry_.undefinedNames()) {
    if (name != record.name && !host(name, /*weak=*/false))
      others.push_back(name);
  }
  if (const std::string rest = describeUsers(others); !rest.empty())
    why += "; also undefined: " + rest;
  return Error(ErrorKind::MissingSymbol, "undefined symbol '" + std::string(record.name) + "'", why);
}

} // namespace tiercel
