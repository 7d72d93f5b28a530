// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thread-locals that one native object defines or uses, in every model of the ELF TLS ABI:
//
//   general dynamic   address of {module, offset}      local dynamic   address of {module, 0}, then the
//   offset initial exec      load of the distance from the    local exec      that distance itself
//                     thread pointer
//
// What the object defines gets its place in every thread as the thread-locals of IR do, by a library of its
// own (link/synthetic_library.h). The exec models need it in the static block, which has little room for what
// comes after the start of the process: it is asked for where the object needs it, and for small objects, of
// which others may need it.
//
// Places are given before the references to other objects are resolved, as addresses are: objects may refer
// to each other in circles.
//
// Thread rule: one instance per link, under the lock of native objects. Ownership: the library is closed with
// this, or belongs to who takes it.
#pragma once

#include "link/dynamic_symbols.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {

class ObjectThreadLocals {
public:
  using PlaceOf = std::function<Result<ThreadLocalPlace>(llvm::StringRef name)>;

  /// `names`: of all that the object mentions. `placeOf` answers for those that it does not define.
  ObjectThreadLocals(llvm::StringSet<> names, PlaceOf placeOf)
      : names_(std::move(names)), placeOf_(std::move(placeOf)) {}
  ~ObjectThreadLocals();
  ObjectThreadLocals(const ObjectThreadLocals&) = delete;
  ObjectThreadLocals& operator=(const ObjectThreadLocals&) = delete;

  /// After pruning, before JITLink makes its global offset table.
  Status claim(llvm::jitlink::LinkGraph& graph);
  /// When blocks have addresses: the object's own.
  Status place(llvm::jitlink::LinkGraph& graph);
  /// When others have theirs, before fixups.
  Status bindOthers(llvm::jitlink::LinkGraph& graph);

  /// Of external definitions, after `place`.
  const llvm::StringMap<ThreadLocalPlace>& definitions() const { return definitions_; }
  /// For dlclose, when no thread uses them any more; null if there are none.
  void* takeLibrary() { return std::exchange(library_, nullptr); }

private:
  /// Words that code finds a thread-local by.
  struct Entry {
    llvm::jitlink::Block* words;
    llvm::jitlink::Symbol* variable; ///< null: the module itself
    bool isDistance;                 ///< from the thread pointer; else {module, offset}
  };

  bool isThreadLocal(const llvm::jitlink::Symbol& symbol) const;
  bool isOwn(const llvm::jitlink::Symbol& symbol) const;
  void layOut(llvm::jitlink::LinkGraph& graph);
  llvm::jitlink::Symbol& entryFor(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Symbol* variable,
                                  bool isDistance);
  Status claimEdge(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Edge& edge);
  Result<std::vector<std::byte>> initialBytes() const;
  void bindOffsets(llvm::jitlink::LinkGraph& graph);
  ThreadLocalPlace placeOfOwn(const llvm::jitlink::Symbol& symbol) const;
  static Status fill(llvm::jitlink::LinkGraph& graph, const Entry& entry, const ThreadLocalPlace& place);

  const llvm::StringSet<> names_;
  const PlaceOf placeOf_;
  llvm::DenseMap<const llvm::jitlink::Block*, size_t> offsets_; ///< of its variables' blocks
  size_t size_ = 0;
  size_t alignment_ = 1;
  bool needsStatic_ = false;
  void* library_ = nullptr;
  ThreadLocalPlace base_;
  std::vector<Entry> entries_;
  std::map<std::pair<llvm::jitlink::Symbol*, bool>, llvm::jitlink::Symbol*> entrySymbols_;
  llvm::StringMap<ThreadLocalPlace> definitions_;
};

} // namespace tiercel
