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
// thread-locals get their memory now and, as for native objects, keep it. The same holds for what is only
// shown because somebody may ask for it: nobody sees whether that has happened.
//
// A variable whose initialiser leads to a name that only the library brings has its address beforehand, and
// its value when the library has been loaded: too late for the library's constructors. So constants of which
// the library has a definition, such as virtual tables and type information, stay the library's own. So do
// thread-locals that lead there, which have no address without a value, and all that lead into libraries
// which the program opens: natively such programs cannot be linked, and weak references are null by then.
//
// Thread rule: any thread, without locks but those that a thread may hold when it looks up a symbol of the
// host: the loader's is taken.
#include "engine/engine_impl.h"
#include "link/loader_search.h"
#include "link/synthetic_library.h"

#include "llvm/ADT/SetVector.h"

#include <atomic>
#include <set>

namespace tiercel {

namespace {

struct Names {
  llvm::StringSet<> wanted;
  llvm::StringSet<> own;     ///< that one of the libraries defines for good
  llvm::StringSet<> defined; ///< that one of the libraries defines
  bool asksAtRunTime = false;
};

Names namesOf(const std::vector<DynamicLibrary>& libraries, bool opened) {
  Names names;
  for (const DynamicLibrary& library : libraries) {
    // A linker exports for those that it is given, not for what these need.
    const bool linked = !opened && &library == &libraries.front();
    for (const DynamicSymbol& symbol : library.symbols) {
      if (symbol.isDefined)
        names.defined.insert(symbol.name);
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

Result<std::vector<GlobalId>> EngineImpl::exportToLibrary(const std::string& name, bool opened) {
  const Result<std::vector<DynamicLibrary>> libraries = librariesToLoad(name);
  if (!libraries)
    return libraries.error();
  const Names names = namesOf(*libraries, opened);
  const auto candidates = names.asksAtRunTime ? registry_.exported(names.own, /*others=*/true)
                                              : registry_.exported(names.wanted, /*others=*/false);
  llvm::StringSet<> there; // of the names that the libraries define: others have them already
  std::string late;        // the name that was met
  const auto isLate = [&](const llvm::GlobalValue& undefined) {
    const llvm::StringRef symbol = llvm::GlobalValue::dropLLVMManglingEscape(undefined.getName());
    const bool waits =
        !opened || (!undefined.hasExternalWeakLinkage() && !llvm::isa<llvm::Function>(undefined));
    if (!waits || !names.defined.contains(symbol) || there.contains(symbol))
      return false;
    late = symbol.str();
    return true;
  };
  std::set<GlobalId> ready;
  const auto anyIsLate = [&](std::span<const GlobalId> globals) -> Result<bool> {
    Result<SessionPool::Lease> session = pool_.borrow();
    if (!session)
      return session.takeError();
    for (GlobalId id : globals) {
      Result<bool> leads = data_.leadsTo(isLate, id, ready, **session);
      // Only here, where the lock under which initialisers are read is not held: it comes after the loader's.
      while (leads && *leads && host_.findLoaded(late)) {
        there.insert(late);
        leads = data_.leadsTo(isLate, id, ready, **session);
      }
      if (!leads || *leads)
        return leads;
    }
    return false;
  };
  const auto threadLibrary = [this](GlobalId id) -> Result<void*> {
    Result<SessionPool::Lease> session = pool_.borrow();
    return session ? data_.threadLibrary(id, **session) : Result<void*>(session.takeError());
  };
  std::vector<ExportedSymbol> exports;
  llvm::SetVector<void*> blocks; // of thread-locals
  std::vector<GlobalId> waiting;
  ObjectSymbols mentions{.name = name, .defined = {}, .undefined = {}};
  for (const auto& [symbol, ref] : candidates) {
    const bool isMentioned = names.wanted.contains(symbol);
    const auto how = isMentioned ? NativeObjects::Shown::Mentioned : NativeObjects::Shown::Perhaps;
    const NativeObjects::Shown before = objects_.shown(symbol);
    // Its main is not a library's business, and libc refers to it.
    if (symbol == "main" || before >= how)
      continue;
    const ObjectSymbols::Undefined mention{symbol, ref.kind != SymbolKind::Function, !isMentioned};
    if (before != NativeObjects::Shown::No) {
      mentions.undefined.push_back(mention);
      continue;
    }
    const GlobalId variable(ref.id);
    Result<bool> waits = false;
    if (ref.kind == SymbolKind::Data)
      waits = anyIsLate({&variable, 1});
    else if (ref.kind == SymbolKind::Thread)
      waits = anyIsLate(registry_.threadLocalsOf(registry_.global(variable).definition.load().image));
    if (!waits)
      return waits.takeError();
    if (*waits && (opened || ref.kind == SymbolKind::Thread ||
                   (registry_.global(variable).constant.load(std::memory_order_relaxed) &&
                    names.defined.contains(symbol))))
      continue;
    Result<void*> address = nullptr;
    if (*waits) {
      Result<std::byte*> reserved = data_.reserve(variable);
      address = reserved ? Result<void*>(*reserved + ref.offset) : Result<void*>(reserved.takeError());
      if (address)
        waiting.push_back(variable);
    } else {
      address = ref.kind == SymbolKind::Thread ? threadLibrary(variable) : addressOf(ref);
    }
    if (!address && !isMentioned)
      continue; // as natively it would not have been linked, nobody knows it
    if (!address)
      return address.takeError();
    if (ref.kind == SymbolKind::Thread)
      blocks.insert(*address);
    else
      exports.push_back({symbol, *address, ref.kind == SymbolKind::Function});
    mentions.undefined.push_back(mention);
  }
  if (mentions.undefined.empty())
    return waiting;
  for (void* block : blocks) {
    if (Status status = makeGlobal(block); !status)
      return status.takeError();
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
  readiness_.beforeLibrary();
  LockGuard materialise(materialiseMutex_);
  for (const ObjectSymbols::Undefined& mention : mentions.undefined)
    objects_.noteShown(mention.name,
                       mention.perhaps ? NativeObjects::Shown::Perhaps : NativeObjects::Shown::Mentioned);
  Result<ObjectId> id = registry_.addObject(mentions);
  if (!id)
    return id.takeError();
  objects_.addLibrary(std::move(mentions), handle);
  return waiting;
}

} // namespace tiercel
