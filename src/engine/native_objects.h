// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Relocatable objects of the program's that are not IR: ELF files, archive members, module-level assembly.
// They are linked as a whole when something first refers to them, or before constructors run.
// Thread rule: thread-safe; one recursive lock, because objects refer to each other and to data.
#pragma once

#include "base/thread_annotations.h"
#include "compile/session_pool.h"
#include "link/linker.h"
#include "registry/registry.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

#include <functional>
#include <memory>
#include <vector>

namespace tiercel {

/// The symbol table of an ELF object, as the registry wants it.
Result<ObjectSymbols> readObjectSymbols(llvm::MemoryBufferRef object);

class NativeObjects {
public:
  /// `withThreads` runs its argument with a source of thread-locals.
  using WithThreads = std::function<Status(const std::function<Status(ThreadLocalSource&)>&)>;

  /// `mutex` as for DataMaterializer.
  NativeObjects(Linker& linker, WithThreads withThreads, RecursiveMutex& mutex)
      : linker_(linker), withThreads_(std::move(withThreads)), mutex_(mutex) {}
  /// No thread may use the objects' thread-locals any more.
  ~NativeObjects();
  NativeObjects(const NativeObjects&) = delete;
  NativeObjects& operator=(const NativeObjects&) = delete;

  /// Enters an object under the id that the registry gave it (ids are dense).
  void add(std::unique_ptr<llvm::MemoryBuffer> bytes, ObjectSymbols symbols, ImageId scope,
           const std::string& module) TIERCEL_EXCLUDES(mutex_);
  /// The same for a shared library that sees these names of the program: its references count as an object's.
  /// `exports` (null: none) is the library in which it sees them; it is closed with the engine.
  void addLibrary(ObjectSymbols symbols, void* exports) TIERCEL_EXCLUDES(mutex_);
  /// Libraries have been shown the name; one that mentions it, or one that may ask for it.
  enum class Shown { No, Perhaps, Mentioned };
  Shown shown(const std::string& name) TIERCEL_EXCLUDES(mutex_);
  void noteShown(const std::string& name, Shown how) TIERCEL_EXCLUDES(mutex_);
  /// The address of a definition, linking the object if need be.
  Result<std::byte*> address(ObjectId id, int64_t symbol, const ObjectUser& user) TIERCEL_EXCLUDES(mutex_);
  /// The same of a thread-local.
  Result<ThreadLocalPlace> threadLocal(ObjectId id, int64_t symbol) TIERCEL_EXCLUDES(mutex_);
  /// Links if need be; .init_array and .fini_array of one object.
  Result<const LinkedObject*> linked(ObjectId id) TIERCEL_EXCLUDES(mutex_);
  /// What decides where calls of the function go, if it stands for an ifunc of an object; else null.
  std::byte* resolverOf(FunctionId function) TIERCEL_EXCLUDES(mutex_);
  /// The objects that refer to a symbol that nothing defines, by name.
  std::vector<std::string> usersOf(const std::string& undefined, const std::string& exceptModule)
      TIERCEL_EXCLUDES(mutex_);
  std::string moduleOf(ObjectId id) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return objects_[id.value]->module;
  }
  /// The module of the object in whose code the address lies; empty if there is none.
  std::string moduleAt(const void* address) TIERCEL_EXCLUDES(mutex_);
  /// The names that an object has in force.
  std::vector<std::string> definitions(ObjectId id) TIERCEL_EXCLUDES(mutex_);
  /// Takes an object out of the program. Its code, if it was linked; the caller frees that when nobody can be
  /// in it, or keeps it for good: addresses of its functions may be where nobody can find them.
  std::unique_ptr<CodeVersion> remove(ObjectId id, Registry& registry) TIERCEL_EXCLUDES(mutex_);
  size_t size() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return objects_.size();
  }

private:
  struct Object {
    std::unique_ptr<llvm::MemoryBuffer> bytes;
    ObjectSymbols symbols;
    ImageId scope;
    std::string module;
    enum { Pending, Linking, Linked } state = Pending;
    bool escapes = false; ///< others have addresses of it than those who only call its functions
    LinkedObject result;
  };
  Status link(ObjectId id) TIERCEL_REQUIRES(mutex_);

  Linker& linker_;
  const WithThreads withThreads_;
  RecursiveMutex& mutex_;
  std::vector<std::unique_ptr<Object>> objects_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<Shown> shown_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<void*> libraries_ TIERCEL_GUARDED_BY(mutex_); ///< to be closed: exports, and thread-locals
  llvm::DenseMap<uint32_t, std::byte*> resolvers_ TIERCEL_GUARDED_BY(mutex_); ///< by function
};

} // namespace tiercel
