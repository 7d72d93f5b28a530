// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the program consists of and what its names mean: ELF linkage across images, objects and the host,
// decided at the level of IR values (DESIGN decision D3).
//
//  - Every external name means one thing in the whole program. It keeps its record, and with it its address,
//    when a stronger definition replaces a weak one; that may happen until the function is first compiled
//    or the global gets its address, as everything that is added before the program runs allows.
//  - Internal names belong to their image.
//  - Declarations are looked up when something that uses them is compiled, not before: first here, then in
//    the host (link/host_symbols.h).
//
// Thread rule: all members are thread-safe. Records returned by reference live as long as the registry.
#pragma once

#include "tiercel/error.h"

#include "base/chunked_table.h"
#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/function_table.h"
#include "load/image.h"
#include "load/image_reader.h"
#include "registry/records.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/StringSaver.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

enum class SymbolKind : uint8_t {
  None,     ///< not known (yet)
  Function, ///< id: FunctionId; offset 0
  Data,     ///< id: GlobalId; offset into it (aliases)
  Thread,   ///< id: GlobalId of a thread-local
  Object,   ///< id: ObjectId; offset: index among the object's definitions
  Absolute, ///< offset: the address
};

/// What a name or an image's value stands for.
struct SymbolRef {
  SymbolKind kind = SymbolKind::None;
  uint32_t id = 0;
  int64_t offset = 0;
};

/// Symbols of an ELF object as its reader found them.
struct ObjectSymbol {
  std::string name;
  bool weak = false; ///< also members of a section group: the first definition wins
  bool common = false;
  bool hidden = false;
  bool isFunction = false;
};
struct ObjectSymbols {
  std::string name; ///< of the object, for messages
  std::vector<ObjectSymbol> defined;
  struct Undefined {
    std::string name;
    bool isData; ///< not only called: nothing can stand in for it until it is used
  };
  std::vector<Undefined> undefined; ///< strong references only
};

class Registry {
public:
  explicit Registry(FunctionTable& table) : table_(table), strings_(allocator_) {}

  /// Enters an image's values. All or nothing. `reader` is used during the call only.
  Result<ImageId> addImage(std::unique_ptr<ProgramImage> image, ImageReader& reader) TIERCEL_EXCLUDES(mutex_);
  /// Whether addObject would refuse it.
  Status checkObject(const ObjectSymbols& symbols) TIERCEL_EXCLUDES(mutex_);
  /// Enters an object's symbols.
  Result<ObjectId> addObject(const ObjectSymbols& symbols) TIERCEL_EXCLUDES(mutex_);
  /// A host symbol by address; replaces nothing that the program defines.
  Status defineAbsolute(const std::string& name, void* address) TIERCEL_EXCLUDES(mutex_);

  /// What value `ordinal` of `image` means. None for declarations that nothing in the program defines.
  SymbolRef resolve(ImageId image, uint32_t ordinal, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// What an external name means, as the linker spells it (no \01 escape).
  SymbolRef find(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for those outside the program: hidden definitions do not count.
  SymbolRef findVisible(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for a name used inside `image` where only text is known (inline assembly): its internal
  /// values count too.
  SymbolRef findFrom(ImageId image, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// What a name means to somebody who looks at the program from outside it: an internal name counts where
  /// only one image has it and it is nothing external.
  SymbolRef findAnywhere(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// A record for a function that nothing defines; a later definition of the name takes it over.
  Result<FunctionId> declareFunction(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  /// Whether no module to come can replace the function's definition.
  bool isFinal(FunctionId id) TIERCEL_EXCLUDES(mutex_);

  FunctionRecord& function(FunctionId id) { return functions_[id.value]; }
  GlobalRecord& global(GlobalId id) { return globals_[id.value]; }
  const ProgramImage& image(ImageId id) { return *images_[id.value].image; }
  size_t imageCount() const { return images_.size(); }
  size_t functionCount() const { return functions_.size(); }
  uint64_t definedFunctions() const { return definedFunctions_.load(std::memory_order_relaxed); }

  /// External names that something refers to strongly and nothing in the program defines.
  struct UndefinedName {
    std::string name;
    bool isData;
  };
  std::vector<UndefinedName> undefinedNames() TIERCEL_EXCLUDES(mutex_);
  bool isUndefined(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// Globals placed in `section`, in the order of adding.
  std::vector<GlobalId> globalsInSection(llvm::StringRef section) TIERCEL_EXCLUDES(mutex_);
  /// Thread-locals defined by `image`, prevailing ones only.
  std::vector<GlobalId> threadLocalsOf(ImageId image) TIERCEL_EXCLUDES(mutex_);
  /// Whether value `ordinal` of `image` is the definition that its name got.
  bool prevails(ImageId image, uint32_t ordinal, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// Those of `names` that the program defines strongly, with what they mean: a native link would make
  /// libraries use the program's definition. (Weak ones, mostly templates, are the same in the library.)
  std::vector<std::pair<std::string, SymbolRef>> exported(const std::vector<std::string>& names)
      TIERCEL_EXCLUDES(mutex_);

  /// Whose address this is, if it is a function of the program.
  FunctionId functionAt(const void* address) const { return table_.idOfStub(address); }

  /// A copy of `text` that lives as long as the registry.
  std::string_view keep(llvm::StringRef text) TIERCEL_EXCLUDES(mutex_);

  Mutex& forkMutex() { return mutex_; }

private:
  enum class Strength : uint8_t { Undefined, Weak, Common, Strong };
  struct NameEntry {
    SymbolRef ref = {};
    Strength strength = Strength::Undefined;
    bool inComdat = false;
    bool isData = false;     ///< of undefined names: referred to as a variable
    bool hidden = false;     ///< not visible to dlsym and libraries
    bool aliased = false;    ///< an alias stands for this very definition
    bool ownsRecord = false; ///< `ref` was made for this name, not for the target of an alias
    std::string_view definedIn = {};
  };
  struct ImageEntry {
    std::unique_ptr<ProgramImage> image;
    std::vector<SymbolRef> values;           ///< by ordinal; None: look the name up
    llvm::StringMap<uint32_t> internalNames; ///< to ordinals
    std::vector<GlobalId> threadLocals;
    llvm::DenseMap<uint32_t, SymbolRef> overridden; ///< definitions that lost their name and have aliases
  };

  static Strength strengthOf(const llvm::GlobalValue& value);
  Status checkBeforeEntering(const ProgramImage& image, ImageReader& reader) TIERCEL_REQUIRES(mutex_);
  Status enterValue(ImageEntry& entry, ImageReader& reader, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  /// The record of what `image` itself defines as `ordinal`, even if another definition got the name.
  Result<SymbolRef> ownDefinition(ImageEntry& entry, ImageReader& reader, uint32_t ordinal)
      TIERCEL_REQUIRES(mutex_);
  Status enterAlias(ImageEntry& entry, ImageReader& reader, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  Result<FunctionRecord*> newFunction(llvm::StringRef name) TIERCEL_REQUIRES(mutex_);
  Result<GlobalRecord*> newGlobal(llvm::StringRef name) TIERCEL_REQUIRES(mutex_);
  Status defineFunction(FunctionRecord& record, const llvm::GlobalValue& value, Definition where);
  void defineGlobal(GlobalRecord& record, const llvm::GlobalVariable& variable, Definition where)
      TIERCEL_REQUIRES(mutex_);
  /// Whether a definition of this strength takes the name over.
  bool claims(const NameEntry& entry, Strength strength) TIERCEL_REQUIRES(mutex_);
  bool isFixed(const NameEntry& entry);

  FunctionTable& table_;
  Mutex mutex_;
  llvm::BumpPtrAllocator allocator_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringSaver strings_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<NameEntry> names_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<std::vector<GlobalId>> sections_ TIERCEL_GUARDED_BY(mutex_);
  ChunkedTable<FunctionRecord> functions_;
  ChunkedTable<GlobalRecord> globals_;
  ChunkedTable<ImageEntry, 6> images_;
  uint32_t objectCount_ TIERCEL_GUARDED_BY(mutex_) = 0;
  std::atomic<uint64_t> definedFunctions_{0};
};

} // namespace tiercel
