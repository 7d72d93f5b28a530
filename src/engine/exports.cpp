// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What shared libraries see of the program. Natively it is in the executable's table of dynamic symbols,
// which comes first in every search. Here each library, before it is loaded, is read for names that it would
// search for, and those that the program defines are put into a library of their own
// (link/synthetic_library.h), which the loader then finds them in.
//
//  - A library that the program is linked with gets what a linker would export for it: all names that it
//    mentions. So what both define, inline variables and the like, is one thing, the program's.
//  - One that the program opens gets what it and those that it needs do not define, and again what both
//    define weakly. Names that it defines for good stay its own: the native program may have been linked
//    without -rdynamic. If it asks for names at run time (dlsym), nobody knows which: it sees everything.
//
// Functions are shown by their stubs, so they need not have been compiled and may be redefined. Variables and
// thread-locals get their memory now and, as for native objects, keep it.
//
// Thread rule: any thread, without locks but those that a thread may hold when it looks up a symbol of the
// host: the loader's is taken.
#include "engine/engine_impl.h"
#include "link/loader_search.h"
#include "link/synthetic_library.h"

#include "llvm/ADT/SetVector.h"

#include <atomic>

namespace tiercel {

namespace {

struct Names {
  llvm::StringSet<> wanted;
  llvm::StringSet<> own; ///< that one of the libraries defines for good
  bool asksAtRunTime = false;
};

Names namesOf(const std::vector<DynamicLibrary>& libraries, bool opened) {
  Names names;
  for (const DynamicLibrary& library : libraries) {
    // A linker exports for those that it is given, not for what these need.
    const bool linked = !opened && &library == &libraries.front();
    for (const DynamicSymbol& symbol : library.symbols) {
      if (!symbol.isDefined || symbol.isMergeable || linked)
        names.wanted.insert(symbol.name);
      else
        names.own.insert(symbol.name);
      names.asksAtRunTime |=
          opened && !symbol.isDefined && (symbol.name == "dlsym" || symbol.name == "dlvsym");
    }
  }
  for (const auto& name : names.own) {
    if (opened)
      names.wanted.erase(name.first());
  }
  return names;
}

} // namespace

Status EngineImpl::exportToLibrary(const std::string& name, bool opened) {
  const Result<std::vector<DynamicLibrary>> libraries = librariesToLoad(name);
  if (!libraries)
    return libraries.error();
  const Names names = namesOf(*libraries, opened);
  const auto candidates = names.asksAtRunTime ? registry_.exported(names.own, /*others=*/true)
                                              : registry_.exported(names.wanted, /*others=*/false);
  const auto threadLibrary = [this](GlobalId id) -> Result<void*> {
    Result<SessionPool::Lease> session = pool_.borrow();
    return session ? data_.threadLibrary(id, **session) : Result<void*>(session.takeError());
  };
  std::vector<ExportedSymbol> exports;
  llvm::SetVector<void*> blocks; // of thread-locals
  std::vector<std::string> shown;
  ObjectSymbols mentions{.name = name, .defined = {}, .undefined = {}};
  for (const auto& [symbol, ref] : candidates) {
    // Its main is not a library's business, and libc refers to it.
    if (symbol == "main" || objects_.isShown(symbol))
      continue;
    const bool isMentioned = names.wanted.contains(symbol);
    Result<void*> address = ref.kind == SymbolKind::Thread ? threadLibrary(GlobalId(ref.id)) : addressOf(ref);
    if (!address && !isMentioned)
      continue; // as natively it would not have been linked, nobody knows it
    if (!address)
      return address.takeError();
    if (ref.kind == SymbolKind::Thread)
      blocks.insert(*address);
    else
      exports.push_back({symbol, *address, ref.kind == SymbolKind::Function});
    shown.push_back(symbol);
    if (isMentioned)
      mentions.undefined.push_back({symbol, ref.kind != SymbolKind::Function});
  }
  if (shown.empty())
    return {};
  for (void* block : blocks) {
    if (Status status = makeGlobal(block); !status)
      return status;
  }
  static std::atomic<unsigned> count{0};
  void* handle = nullptr;
  if (!exports.empty()) {
    Result<SyntheticLibrary> library =
        loadSyntheticLibrary("tiercel-exports-" + std::to_string(count++), exports, nullptr, /*global=*/true);
    if (!library)
      return library.takeError();
    handle = library->handle;
  }
  LockGuard materialise(materialiseMutex_);
  for (const std::string& symbol : shown)
    objects_.noteShown(symbol);
  Result<ObjectId> id = registry_.addObject(mentions);
  if (!id)
    return id.takeError();
  objects_.addLibrary(std::move(mentions), handle);
  return {};
}

} // namespace tiercel
