// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One piece of linked code and everything that must be undone when its memory is given back: a version of a
// function, a continuation of one, or a native object or a thunk. A version is
//
//     linked --install--> live --replaced, redefined, removed--> retired --no stack leads into it--> freed
//        \------ the program changed meanwhile: never executed ---------------------------------------^
//
// engine/versions.h owns versions and makes the transitions.
// Thread rule: constant once linked, but for `retired` and what follows, which change under the
// lock of the versions, and `seen`.
#pragma once

#include "artifact/assumptions.h"
#include "base/ids.h"
#include "codemem/arena.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

/// Memory in the data range, given back with its last owner: a version's code writes to it, and what it
/// counted there is read after the version is gone.
class DataBlock {
public:
  DataBlock(Arena& arena, std::byte* address, size_t size, size_t alignment)
      : arena_(arena), address_(address), size_(size), alignment_(alignment) {}
  ~DataBlock() { arena_.freeData(address_, size_, alignment_); }
  DataBlock(const DataBlock&) = delete;
  DataBlock& operator=(const DataBlock&) = delete;

private:
  Arena& arena_;
  std::byte* const address_;
  const size_t size_, alignment_;
};

extern "C" void __deregister_frame(void*);

struct CodeVersion {
  CodeVersion() = default;
  ~CodeVersion() { forgetFrames(); }
  void forgetFrames() {
    if (frames)
      __deregister_frame(const_cast<void*>(frames));
    frames = nullptr;
  }
  CodeVersion(const CodeVersion&) = delete;
  CodeVersion& operator=(const CodeVersion&) = delete;

  FunctionId function; ///< invalid: a native object, or a thunk
  unsigned tier = 0;
  std::optional<uint32_t> osrHeader; ///< set: the continuation at this loop header
  std::byte* entry = nullptr;
  size_t bytes = 0; ///< of code and its constants

  CodeBlock code;
  std::shared_ptr<DataBlock> data;
  std::vector<FunctionId> callees;    ///< that it calls directly: CallSites knows where
  std::vector<FunctionId> references; ///< functions of the program that it mentions
  Assumptions assumptions;            ///< what it takes for granted
  std::vector<ImageId> images;        ///< whose internal data it may refer to
  std::vector<ObjectId> objects;      ///< native ones that it has addresses of
  std::vector<CodeVersion*> keeps;    ///< not freed before this one is; under the lock of the versions
  const void* frames = nullptr;       ///< registered with libgcc, if our lookup is not the one it calls
  /// Addresses inside it may be in the program's data (coroutine frames, labels): it is never freed.
  bool addressesEscape = false;

  bool retired = false;
  bool outOfDate = false; ///< it holds what has been redefined: never to be entered again
  uint64_t retiredIn = 0; ///< how many collections had begun when it was retired
  /// Set by a scan of the stacks that found an address inside.
  std::atomic<bool> seen{false};
};

} // namespace tiercel
