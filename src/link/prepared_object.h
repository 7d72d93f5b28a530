// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What JITLink does not know about objects, in terms that it knows.
//
//  - It leaves out symbols that stand for what a resolver returns (STT_GNU_IFUNC) and then misses them. In a
//  copy
//    of the object they are functions: their resolvers. What refers to them is led to a stub of the engine's,
//    whose first call runs the resolver (link/reference_rewriter.h).
//  - It knows one of the relocations of thread-locals. The copy has others in the place of the rest, which
//  have
//    no meaning for a thread-local and so are recognised by their target (link/object_thread_locals.h):
//        TLSLD -> PC32    DTPOFF32 -> 32    GOTTPOFF -> GOTPCREL    TPOFF32 -> 32S
//
// Thread rule: any thread.
#pragma once

#include "tiercel/error.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace tiercel {

struct PreparedObject {
  std::unique_ptr<llvm::MemoryBuffer> bytes; ///< null: take the object as it is
  llvm::StringSet<> ifuncs;
  llvm::StringSet<> threadLocals; ///< defined or not
};

Result<PreparedObject> prepareObject(llvm::MemoryBufferRef object);

} // namespace tiercel
