// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives globals their address and initial value, on first need. Writing bytes straight from the IR constants
// is far cheaper than a trip through the code generator, and every global exists once whichever tiers use it.
//
// Initialisers refer to other globals; those get addresses at once and their values before ensure returns, so
// that compiled code never sees a pointer to something not initialised yet. Functions are referred to by
// their stubs and need not exist.
//
// Thread rule: thread-safe; one lock (after it, the registry's and the arena's are taken). Initialisation is
// complete, and visible, when a function that needs it is published.
#pragma once

#include "base/thread_annotations.h"
#include "compile/session.h"
#include "link/addresses.h"
#include "link/dynamic_symbols.h"
#include "link/synthetic_library.h"
#include "registry/registry.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/Constants.h"

#include <atomic>
#include <set>
#include <span>
#include <vector>

namespace tiercel {

class DataMaterializer {
public:
  /// `mutex` is shared with the native objects: initialisers refer to objects and objects to data, and with a
  /// lock each, two threads could wait for each other.
  DataMaterializer(Registry& registry, Arena& arena, AddressSource& addresses, RecursiveMutex& mutex)
      : registry_(registry), arena_(arena), addresses_(addresses), mutex_(mutex) {}
  /// No thread may use the program's thread-locals any more.
  ~DataMaterializer();

  /// Addresses and values for these and all they lead to. `session` provides the readers.
  Status ensure(std::span<const GlobalId> globals, Session& session) TIERCEL_EXCLUDES(mutex_);
  /// The address alone; the value comes with the next `ensure` of it, or of what leads to it.
  Result<std::byte*> reserve(GlobalId global) TIERCEL_EXCLUDES(mutex_);
  /// Whether the initialiser, or that of a variable it leads to, refers to an undefined name that `isLate`.
  /// `others` are known not to; it grows. Variables that have their values count among them.
  using IsLate = llvm::function_ref<bool(const llvm::GlobalValue& undefined)>;
  Result<bool> leadsTo(IsLate isLate, GlobalId global, std::set<GlobalId>& others, Session& session)
      TIERCEL_EXCLUDES(mutex_);
  /// Gives the thread-locals of an image, if it has any, their place in every thread. Loads a library, so
  /// without locks that a library's constructor may wait for, and best before code of the image runs.
  Status ensureThreadBlock(ImageId image, Session& session) TIERCEL_EXCLUDES(mutex_);
  /// What may have thread-locals that have no place yet.
  void imageCame(ImageId image) TIERCEL_EXCLUDES(mutex_);
  std::vector<ImageId> takeImagesThatCame() TIERCEL_EXCLUDES(mutex_);
  /// Where a thread-local of the program lives.
  Result<ThreadLocalPlace> ensureThreadLocal(GlobalId global, Session& session) TIERCEL_EXCLUDES(mutex_);
  /// The library that gives a thread-local its place, and has it as a symbol if it is external.
  Result<void*> threadLibrary(GlobalId global, Session& session) TIERCEL_EXCLUDES(mutex_);
  /// The image's thread-locals are not used any more. Returns the library that gives them their place, or
  /// null, for the caller to close when it holds no locks: the dynamic loader has one of its own.
  void* takeThreadBlock(ImageId image) TIERCEL_EXCLUDES(mutex_);

private:
  Status drain(Session& session) TIERCEL_REQUIRES(mutex_);
  Status writePending(Session& session) TIERCEL_REQUIRES(mutex_);
  Status allocate(GlobalRecord& global) TIERCEL_REQUIRES(mutex_);
  Status allocateSection(const GlobalRecord& member) TIERCEL_REQUIRES(mutex_);
  struct ThreadBlock;
  bool hasThreadBlock(ImageId image) TIERCEL_EXCLUDES(mutex_);
  Result<ThreadBlock> describeThreadBlock(ImageId image, Session& session) TIERCEL_EXCLUDES(mutex_);
  /// False if somebody was first, or it is not what the image needs any more.
  bool placeThreadBlock(ImageId image, const ThreadBlock& described, const SyntheticLibrary& library)
      TIERCEL_EXCLUDES(mutex_);

  Status write(const llvm::Constant& constant, std::byte* to, ImageReader& reader, ImageId image)
      TIERCEL_REQUIRES(mutex_);
  Status writeElements(const llvm::Constant& constant, std::byte* to, ImageReader& reader, ImageId image)
      TIERCEL_REQUIRES(mutex_);
  Result<llvm::APInt> evaluate(const llvm::Constant& constant, ImageReader& reader, ImageId image)
      TIERCEL_REQUIRES(mutex_);
  Result<uint64_t> addressOf(const llvm::GlobalValue& value, ImageReader& reader, ImageId image)
      TIERCEL_REQUIRES(mutex_);

  Registry& registry_;
  Arena& arena_;
  AddressSource& addresses_;
  RecursiveMutex& mutex_;
  std::vector<GlobalRecord*>
      pending_ TIERCEL_GUARDED_BY(mutex_); ///< have addresses, lack values that are due
  std::vector<GlobalRecord*>
      written_ TIERCEL_GUARDED_BY(mutex_);               ///< have values, may lead to some that lack them
  unsigned draining_ TIERCEL_GUARDED_BY(mutex_) = 0;     ///< depth of recursion
  bool leadsOutside_ TIERCEL_GUARDED_BY(mutex_) = false; ///< the value being written
  std::vector<SyntheticLibrary> threadModules_ TIERCEL_GUARDED_BY(mutex_); ///< by image; module 0: none yet
  std::atomic<uint64_t> threadModulesMade_{0};
  std::vector<ImageId> came_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
