// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Explaining what is missing. Reads all that mentions it, which only the way to an error message may.
#include "engine/undefined.h"

#include "base/diagnostics.h"
#include "base/symbol_text.h"
#include "engine/engine_impl.h"
#include "link/dynamic_symbols.h"
#include "load/input.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
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

/// What a message has room for.
constexpr size_t kMostSymbols = 10;
constexpr size_t kMostUsers = 3;

/// The first of them, and how many more there are.
std::string enumerate(const std::vector<std::string>& items, llvm::StringRef separator, size_t most) {
  const size_t shown = std::min(items.size(), most);
  std::string text = llvm::join(items.begin(), items.begin() + static_cast<ptrdiff_t>(shown), separator);
  if (items.size() > shown)
    text += separator.str() + "and " + std::to_string(items.size() - shown) + " more";
  return text;
}

/// Libraries that programs are linked with most often, of which one may have what is missing.
constexpr const char* kCommonLibraries[] = {
    "m",    "stdc++",  "z",        "bz2",      "lzma",     "zstd",   "lz4",      "crypto",   "ssl",
    "curl", "sqlite3", "ncursesw", "tinfo",    "readline", "edit",   "xml2",     "expat",    "png16",
    "jpeg", "X11",     "GL",       "gomp",     "omp",      "atomic", "gfortran", "quadmath", "ffi",
    "gmp",  "mpfr",    "uuid",     "glib-2.0", "pcre2-8",  "resolv", "crypt"};

} // namespace

std::string EngineImpl::describeUsers(const std::vector<std::string>& names, const std::string& except) {
  std::map<std::string, std::vector<std::string>> usersOf;
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
          usersOf[name].push_back(readableName(user->getName()));
      }
    }
  }
  for (const std::string& name : names) {
    for (const std::string& object : objects_.usersOf(name, except))
      usersOf[name].push_back(object);
  }
  std::vector<std::string> described;
  for (const std::string& name : names) {
    auto users = usersOf.find(name);
    if (users == usersOf.end())
      continue;
    std::sort(users->second.begin(), users->second.end());
    described.push_back(symbolText(name) + " (used by " + enumerate(users->second, ", ", kMostUsers) + ")");
  }
  return enumerate(described, "; ", kMostSymbols);
}

std::string adviceFor(const std::vector<std::string>& symbols) {
  std::vector<std::string> found;
  std::vector<std::string> missing = symbols;
  std::sort(missing.begin(), missing.end());
  for (const char* library : kCommonLibraries) {
    const Result<std::string> path = findLibrary(library, {});
    if (!path || path->empty())
      continue;
    const Result<DynamicLibrary> candidate = readDynamicLibrary(*path);
    if (candidate &&
        std::any_of(candidate->symbols.begin(), candidate->symbols.end(), [&](const DynamicSymbol& symbol) {
          return symbol.isDefined && std::binary_search(missing.begin(), missing.end(), symbol.name.str());
        }))
      found.push_back(std::string("-l") + library);
  }
  return found.empty() ? std::string() : "; try " + enumerate(found, " or ", found.size());
}

Error EngineImpl::undefinedCall(const FunctionRecord& record, const void* returnAddress) {
  const std::optional<CodeRange> caller = map_.lookup(returnAddress);
  std::string why = record.removed.load(std::memory_order_relaxed) ? "it was removed from the program"
                                                                   : "nothing defines it";
  if (caller && !caller->name.empty())
    why += "; called by " + readableName(caller->name);
  why += adviceFor({std::string(record.name)});
  std::vector<std::string> others;
  for (const UndefinedName& other : registry_.undefinedNames()) {
    if (!other.isWeak && other.name != record.name && !host(other.name, /*weak=*/false))
      others.push_back(other.name);
  }
  if (const std::string rest = describeUsers(others); !rest.empty())
    why += "; also undefined: " + rest;
  return Error(ErrorKind::MissingSymbol, "undefined symbol " + symbolText(record.name), why);
}

} // namespace tiercel
