// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the program consists of and what its names mean: ELF linkage across images, objects and the host,
// decided at the level of IR values (DESIGN decision D3).
//
//  - Every external name means one thing in the whole program. It keeps its record, and with it its address,
//    when a stronger definition replaces a weak one; that may happen until the function is first compiled
//    or the global gets its address, as everything that is added before the program runs allows.
//  - Internal names belong to their image.
//  - Declarations are looked up when what uses them is compiled: first here, then in the host.
//  - The program may change while it runs (living.cpp). Function records stay for ever, so that addresses do.
//    An image lives as long as a definition of it is in force; its data, and its number, as long as code made
//    from it exists or an image that is still there mentions one of its variables.
//
// Thread rule: all members are thread-safe. Records returned by reference live as long as the registry.
#pragma once

#include "tiercel/error.h"
#include "tiercel/module.h"

#include "base/chunked_table.h"
#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/function_table.h"
#include "load/image_reader.h"
#include "registry/claims.h"
#include "registry/entries.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/StringSaver.h"

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace tiercel {

class Registry {
public:
  explicit Registry(FunctionTable& table) : table_(table), strings_(allocator_) {}

  /// Enters an image's values. All or nothing. `reader` is used during the call only.
  Result<Change> add(std::shared_ptr<const ProgramImage> image, ImageReader& reader, const AddRules& rules)
      TIERCEL_EXCLUDES(mutex_);

  // --- a program that changes (living.cpp) ---
  bool hasModule(llvm::StringRef module) TIERCEL_EXCLUDES(mutex_);
  std::vector<ModuleInfo> modules() TIERCEL_EXCLUDES(mutex_);
  std::vector<ImageId> imagesOf(llvm::StringRef module) TIERCEL_EXCLUDES(mutex_);
  /// What a definition called `name` in a new image of `module` would replace: the definition that the module
  /// has itself, be it in force or a spare. None if it would be new, or the module's is gone.
  OwnDefinition findInModule(llvm::StringRef module, llvm::StringRef name, bool internal)
      TIERCEL_EXCLUDES(mutex_);
  /// The name of the module that defines it; empty if none does.
  std::string moduleOf(const Definition& definition) TIERCEL_EXCLUDES(mutex_);
  /// Images in the program that mention an external name or, if it is none, have an internal one like it.
  std::vector<ImageId> imagesMentioning(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// External names of the module that other modules mention and that nothing else would define.
  std::vector<std::string> usedByOthers(llvm::StringRef module) TIERCEL_EXCLUDES(mutex_);
  void removeObject(ObjectId id, const ObjectSymbols& symbols) TIERCEL_EXCLUDES(mutex_);
  void noteLinked(ObjectId id) TIERCEL_EXCLUDES(mutex_); ///< it has memory: its names stay what they are
  /// Functions that are out of date because of what addObject, removeObject and defineAbsolute did.
  std::vector<FunctionId> rebound() TIERCEL_EXCLUDES(mutex_);
  /// Takes the images' definitions out of the program. Another module's takes the place where there is one.
  std::vector<FunctionId> removeImages(std::span<const ImageId> images) TIERCEL_EXCLUDES(mutex_);
  std::vector<FunctionId> removeFunction(FunctionId id) TIERCEL_EXCLUDES(mutex_); ///< the same for one
  /// All functions defined in modules that define one of the variables, or in images that mention one.
  std::vector<FunctionId> functionsAround(std::span<const GlobalId> variables) TIERCEL_EXCLUDES(mutex_);
  /// All functions in images that may mention the function by a name.
  std::vector<FunctionId> functionsMentioning(FunctionId id) TIERCEL_EXCLUDES(mutex_);

  // --- what code assumes of names and functions (artifact/assumptions.h) ---
  /// Whether the program defines an external name; the second has it noted when that changes.
  bool isDefined(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  bool assumeDefined(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  void forgetAssumed(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  std::vector<std::string> takeNamesThatCameOrWent() TIERCEL_EXCLUDES(mutex_);
  const Claims* keepClaims(std::vector<std::string> texts) TIERCEL_EXCLUDES(mutex_);
  const Claims* claimsOf(Definition function) TIERCEL_EXCLUDES(mutex_); ///< null if its image is gone

  /// Code that refers to an image's internal data exists, or does no longer.
  void useImages(std::span<const ImageId> images, int change) TIERCEL_EXCLUDES(mutex_);
  /// Counts a use of the image of a definition, if that is still the function's.
  bool useInForce(const FunctionRecord& record, const Definition& where) TIERCEL_EXCLUDES(mutex_);
  /// Ends images of which no definition is in force, no code exists, and whose variables nobody mentions.
  Released releaseImages() TIERCEL_EXCLUDES(mutex_);
  /// Bytes of images that are removed and not released.
  uint64_t pendingBytes() const { return pendingBytes_.load(std::memory_order_relaxed); }
  /// Bytes of constants that redefinitions replaced and that stay with their module.
  uint64_t replacedConstantBytes() const { return replacedBytes_.load(std::memory_order_relaxed); }
  /// Changes whenever images are released or objects removed.
  uint64_t releases() const { return releases_.load(std::memory_order_acquire); }

  FunctionCounts counts(FunctionId id) TIERCEL_EXCLUDES(mutex_);
  void setCounts(FunctionId id, FunctionCounts counts) TIERCEL_EXCLUDES(mutex_);
  /// Enters an object's symbols; the first says whether that would be refused.
  Status checkObject(const ObjectSymbols& symbols) TIERCEL_EXCLUDES(mutex_);
  Result<ObjectId> addObject(const ObjectSymbols& symbols) TIERCEL_EXCLUDES(mutex_);
  /// A host symbol by address; replaces nothing that the program defines or goes on using.
  Status defineAbsolute(const std::string& name, void* address) TIERCEL_EXCLUDES(mutex_);

  /// What value `ordinal` of `image` means. None for declarations that nothing in the program defines.
  SymbolRef resolve(ImageId image, uint32_t ordinal, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// What an external name means, as the linker spells it (no \01 escape).
  SymbolRef find(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for those outside the program: hidden definitions do not count.
  SymbolRef findVisible(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for text in `image` (inline assembly), where its internal names count, too.
  SymbolRef findFrom(ImageId image, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for what belongs to a module as a whole (module-level assembly).
  SymbolRef findFromModule(llvm::StringRef module, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// What a name means to an onlooker: an internal name counts if only one image has it.
  SymbolRef findAnywhere(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// A record for a function that nothing defines; a later definition of the name takes it over.
  Result<FunctionId> declareFunction(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  bool isFinal(FunctionId id) TIERCEL_EXCLUDES(mutex_); ///< no module to come can replace its definition

  FunctionRecord& function(FunctionId id) { return functions_[id.value]; }
  GlobalRecord& global(GlobalId id) { return globals_[id.value]; }
  std::shared_ptr<const ProgramImage> image(ImageId id) TIERCEL_EXCLUDES(mutex_); ///< null if it was released
  std::string imageName(ImageId id) TIERCEL_EXCLUDES(mutex_);
  size_t imageCount() const { return images_.size(); }
  size_t functionCount() const { return functions_.size(); }
  uint64_t definedFunctions() const { return definedFunctions_.load(std::memory_order_relaxed); }

  /// External names that something refers to and nothing defines, here or as far as is known.
  std::vector<UndefinedName> undefinedNames() TIERCEL_EXCLUDES(mutex_);
  void noteInHost(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  bool isUndefined(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// Globals placed in `section`, in the order of adding.
  std::vector<GlobalId> globalsInSection(llvm::StringRef section) TIERCEL_EXCLUDES(mutex_);
  /// Thread-locals defined by `image`, prevailing ones only.
  std::vector<GlobalId> threadLocalsOf(ImageId image) TIERCEL_EXCLUDES(mutex_);
  /// Whether value `ordinal` of `image` is the definition that its name got.
  bool prevails(ImageId image, uint32_t ordinal, llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// What the program defines for libraries to see under these names, or under all but these (`others`).
  std::vector<std::pair<std::string, SymbolRef>> exported(const llvm::StringSet<>& names, bool others)
      TIERCEL_EXCLUDES(mutex_);

  FunctionId functionAt(const void* address) const { return table_.idOfStub(address); }
  std::string_view keep(llvm::StringRef text) TIERCEL_EXCLUDES(mutex_); ///< a copy that lives as long as this

  Mutex& forkMutex() { return mutex_; }

private:
  Status checkBeforeEntering(const ProgramImage& image, ImageReader& reader, const AddRules& rules)
      TIERCEL_REQUIRES(mutex_);
  /// Room in all tables for what the image may need: running out in the middle would leave half of it.
  Status reserveFor(ImageReader& reader) TIERCEL_REQUIRES(mutex_);
  Status placePrefixes(Adding& adding) TIERCEL_REQUIRES(mutex_);
  Status enterAll(Adding& adding) TIERCEL_REQUIRES(mutex_);
  Status enterValue(Adding& adding, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  Status enterInternal(Adding& adding, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  Status enterVariable(Adding& adding, const llvm::GlobalVariable& variable, Name& name, Definition where,
                       bool merges) TIERCEL_REQUIRES(mutex_);
  /// Gives a variable new storage; the old one lives as long as the new definition.
  void redefineVariable(Adding& adding, GlobalRecord& record, const llvm::GlobalVariable& variable,
                        Definition where) TIERCEL_REQUIRES(mutex_);
  /// The definition of a name's record, if it is one of IR.
  Definition definitionOf(const SymbolRef& ref) TIERCEL_REQUIRES(mutex_);
  bool isOf(const SymbolRef& ref, llvm::StringRef module) TIERCEL_REQUIRES(mutex_);
  Status checkNativeUsers(const llvm::GlobalValue& value, const NameEntry& name, uint32_t ordinal,
                          const AddRules& rules) TIERCEL_REQUIRES(mutex_);
  Status checkOrphan(const llvm::GlobalValue& value, const NameEntry& name, const std::string& image)
      TIERCEL_REQUIRES(mutex_);
  Status checkRoom(const llvm::GlobalValue& value, const NameEntry& name, const std::string& image,
                   const AddRules& rules) TIERCEL_REQUIRES(mutex_);
  bool leaves(const Adding& adding, uint32_t ordinal, const SymbolRef& known) TIERCEL_REQUIRES(mutex_);
  SymbolRef internalOf(llvm::StringRef module, llvm::StringRef name) TIERCEL_REQUIRES(mutex_);
  Result<ImageId> newImage() TIERCEL_REQUIRES(mutex_);
  void countInForce(const Definition& definition, int change) TIERCEL_REQUIRES(mutex_);
  void changeFunction(FunctionRecord& record, Definition where, std::vector<FunctionId>& changed)
      TIERCEL_REQUIRES(mutex_);
  void addSpare(NameEntry& name, const Spare& spare) TIERCEL_REQUIRES(mutex_);
  void spareInForce(NameEntry& name) TIERCEL_REQUIRES(mutex_);
  void dropSpares(NameEntry& name, llvm::StringRef module) TIERCEL_REQUIRES(mutex_);
  const Spare* spareOf(const NameEntry& name, llvm::StringRef module) TIERCEL_REQUIRES(mutex_);
  bool hasPlaceIn(const GlobalRecord& threadLocal, ImageId image) TIERCEL_REQUIRES(mutex_);
  /// What a name has in force goes: the strongest spare takes its place.
  void replaceBySpare(Name& name, std::vector<FunctionId>& changed) TIERCEL_REQUIRES(mutex_);
  void setStrength(Name& name, Strength strength) TIERCEL_REQUIRES(mutex_);
  /// Lets a name mean something, as an alias if `alias` says where that is. Code of those who mention the
  /// name may be bound to what it meant before: it is out of date.
  void bind(Name& name, const SymbolRef& ref, Definition alias = {}) TIERCEL_REQUIRES(mutex_);
  std::vector<FunctionId> takeRebound() TIERCEL_REQUIRES(mutex_); ///< what bind has made out of date
  void noteSection(llvm::StringRef section) TIERCEL_REQUIRES(mutex_);
  void setDefinition(GlobalRecord& record, Definition where) TIERCEL_REQUIRES(mutex_);
  /// The name's own definition is about to give way to an alias or an object.
  void leaveDefinition(NameEntry& name, std::vector<FunctionId>& changed) TIERCEL_REQUIRES(mutex_);
  /// That has gone: a function in reserve takes the name.
  void bringBack(Name& name, std::vector<FunctionId>& changed) TIERCEL_REQUIRES(mutex_);
  void dropName(Name& name, std::vector<FunctionId>& changed) TIERCEL_REQUIRES(mutex_);
  std::vector<FunctionId> functionsOf(const llvm::DenseSet<uint32_t>& images) TIERCEL_REQUIRES(mutex_);
  std::vector<FunctionId> takeOut(std::span<const ImageId> images) TIERCEL_REQUIRES(mutex_);
  /// Takes an image off its module's list. The last one takes along what the module keeps.
  void leaveModule(ImageId id) TIERCEL_REQUIRES(mutex_);
  void retireImage(ImageId id) TIERCEL_REQUIRES(mutex_);
  void mention(Name& name, ImageId image, bool weak) TIERCEL_REQUIRES(mutex_);
  void forgetMentions(uint32_t image, std::vector<Name*>& names) TIERCEL_REQUIRES(mutex_);
  void forgetUnused(std::vector<Name*>& names) TIERCEL_REQUIRES(mutex_);
  void dropNativeMention(NameEntry& name) TIERCEL_REQUIRES(mutex_);
  void noteUndefined(Name& name) TIERCEL_REQUIRES(mutex_);
  void suspect(ImageId image) TIERCEL_REQUIRES(mutex_);
  void suspectImageOf(const GlobalRecord& variable) TIERCEL_REQUIRES(mutex_);
  bool isHeld(std::vector<uint32_t>& images) TIERCEL_REQUIRES(mutex_);
  void release(uint32_t image, Released& released) TIERCEL_REQUIRES(mutex_);
  std::vector<GlobalRecord*> variablesOf(uint32_t image) TIERCEL_REQUIRES(mutex_);
  Result<SymbolRef> ownDefinition(Adding& adding, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  Status enterAlias(Adding& adding, uint32_t ordinal) TIERCEL_REQUIRES(mutex_);
  Result<FunctionRecord*> newFunction(llvm::StringRef name) TIERCEL_REQUIRES(mutex_);
  Result<GlobalRecord*> newGlobal(llvm::StringRef name) TIERCEL_REQUIRES(mutex_);
  Status defineFunction(FunctionRecord& record, bool isNew, const llvm::GlobalValue& value, Definition where,
                        std::vector<FunctionId>& changed) TIERCEL_REQUIRES(mutex_);
  void defineGlobal(GlobalRecord& record, const llvm::GlobalVariable& variable, Definition where)
      TIERCEL_REQUIRES(mutex_);
  /// Whether a definition of this strength takes the name over.
  bool claims(const NameEntry& entry, Strength strength) TIERCEL_REQUIRES(mutex_);
  bool isFixed(const NameEntry& entry) TIERCEL_REQUIRES(mutex_);

  FunctionTable& table_;
  Mutex mutex_;
  llvm::BumpPtrAllocator allocator_ TIERCEL_GUARDED_BY(mutex_);
  llvm::UniqueStringSaver strings_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<NameEntry> names_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<std::vector<GlobalId>> sections_ TIERCEL_GUARDED_BY(mutex_);
  ChunkedTable<FunctionRecord> functions_;
  ChunkedTable<GlobalRecord> globals_;
  ChunkedTable<ImageEntry, 6> images_;
  llvm::StringMap<ModuleEntry> modules_ TIERCEL_GUARDED_BY(mutex_);
  /// Of modules that were removed, by internalKey: should one come back, they have their addresses again.
  llvm::StringMap<FunctionId> formerInternals_ TIERCEL_GUARDED_BY(mutex_);
  uint32_t incarnations_ TIERCEL_GUARDED_BY(mutex_) = 0, objectCount_ TIERCEL_GUARDED_BY(mutex_) = 0;
  llvm::DenseSet<Name*> rebound_ TIERCEL_GUARDED_BY(mutex_), undefined_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<std::string> cameOrWent_ TIERCEL_GUARDED_BY(mutex_);
  ClaimsTable claims_ TIERCEL_GUARDED_BY(mutex_);
  std::set<uint32_t> linkedObjects_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<FunctionId> objectsChanged_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<ImageId> freeImages_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<GlobalId> freeGlobals_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<uint32_t> suspects_ TIERCEL_GUARDED_BY(mutex_); ///< removed images that may be held no longer
  llvm::DenseMap<uint32_t, FunctionCounts> counts_ TIERCEL_GUARDED_BY(mutex_); ///< by function
  std::atomic<uint64_t> releases_{0}, pendingBytes_{0}, replacedBytes_{0}, definedFunctions_{0};
};

} // namespace tiercel
