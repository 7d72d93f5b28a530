// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes relocatable code runnable: JITLink with our symbols, our memory and our unwind registration.
//
// Every address is known before JITLink lays anything out (stubs, cells, globals and the host's symbols all
// exist already), so references are rewritten first and JITLink finds little to do: calls to the program's
// functions go through their cells or become direct, loads of near addresses from the GOT become lea, calls
// of near code become plain relative ones. GOT entries and PLT stubs are made only for what is out of reach.
//
// Thread rule: thread-safe; links share no state but the tables they look into.
#pragma once

#include "artifact/artifact.h"
#include "codemem/arena.h"
#include "codemem/call_sites.h"
#include "codemem/code_map.h"
#include "codemem/code_version.h"
#include "codemem/function_table.h"
#include "link/addresses.h"
#include "link/dynamic_symbols.h"
#include "registry/registry.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tiercel {

/// Where thread-locals are, by name in the process or by record.
class ThreadLocalSource {
public:
  virtual ~ThreadLocalSource() = default;
  virtual Result<ThreadLocalPlace> programThreadLocal(GlobalId id) = 0;
  virtual std::optional<ThreadLocalPlace> hostThreadLocal(llvm::StringRef name) = 0;
  /// Of a native object, which is linked now if it was not yet.
  virtual Result<ThreadLocalPlace> objectThreadLocal(ObjectId id, int64_t symbol) = 0;
};

struct LinkEnvironment {
  Arena& arena;
  FunctionTable& functions;
  CallSites& calls;
  Registry& registry;
  CodeMap& map;
  AddressSource& addresses;
};

struct LinkedFunction {
  /// With what the linker knows: entry, memory, direct calls. Its calls and its place in the code map are
  /// entered already; `discard` undoes that for code that was never published.
  std::unique_ptr<CodeVersion> version;
  size_t directCalls = 0; ///< places where it calls other functions directly
  /// LinkKind::Counts and Targets, if the unit defines them.
  std::byte* counts = nullptr;
  std::byte* targets = nullptr;
};

struct LinkedObject {
  std::unique_ptr<CodeVersion> version; ///< its memory
  llvm::StringMap<std::byte*> symbols;  ///< external definitions
  llvm::StringMap<ThreadLocalPlace> threadLocals;
  void* threadLibrary = nullptr; ///< gives them their places; the object's, for dlclose
  struct Initialiser {
    uint32_t priority;
    std::byte* function;
  };
  /// Functions that stand for ifuncs of the object, and the resolvers in it.
  std::vector<std::pair<FunctionId, std::byte*>> resolvers;
  std::vector<Initialiser> constructors; ///< of .init_array, in order
  std::vector<Initialiser> destructors;
};

class Linker {
public:
  explicit Linker(const LinkEnvironment& environment) : environment_(environment) {}

  /// The data that the artifact names must be initialised already.
  Result<LinkedFunction> link(const Artifact& artifact, ThreadLocalSource& threads);
  /// A whole native object. `scope` is the image whose internal names it may use (module-level assembly).
  /// `onAddresses` hears the addresses of its definitions before its own references are resolved, so that
  /// objects may refer to each other.
  Result<LinkedObject> linkObject(llvm::MemoryBufferRef object, ImageId scope, ObjectId self,
                                  ThreadLocalSource& threads,
                                  const std::function<void(const LinkedObject&)>& onAddresses);

private:
  const LinkEnvironment environment_;
};

/// Takes linked code out of the tables and gives its memory back. Nobody may be executing it.
void unlink(const LinkEnvironment& environment, std::span<CodeVersion* const> versions);

} // namespace tiercel
