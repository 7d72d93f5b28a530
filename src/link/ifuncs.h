// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbols of native objects that stand for what a resolver returns (STT_GNU_IFUNC). JITLink leaves them out
// and then misses them, so it is given a copy in which they are functions: their resolvers. What refers to
// them is led to a stub of the engine's instead, whose first call runs the resolver
// (link/reference_rewriter.h).
//
// Thread rule: any thread.
#pragma once

#include "tiercel/error.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace tiercel {

struct ObjectWithIfuncs {
  std::unique_ptr<llvm::MemoryBuffer> bytes; ///< null: there are none, take the object as it is
  llvm::StringSet<> names;
};

Result<ObjectWithIfuncs> resolversForIfuncs(llvm::MemoryBufferRef object);

} // namespace tiercel
