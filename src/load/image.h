// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program image: the bitcode of one module as immutable bytes (DESIGN decision D2). Nothing of LLVM's IR is
// shared between threads; each thread that compiles opens a lazy reader of its own over these bytes.
// Thread rule: immutable after construction.
#pragma once

#include "base/ids.h"

#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {

/// An entry of llvm.global_ctors or llvm.global_dtors.
struct Initialiser {
  uint32_t priority;
  uint32_t function;   ///< ordinal in the image
  uint32_t associated; ///< ordinal of the global it belongs to, or ~0u; runs only if that one prevailed
};

struct ProgramImage {
  std::string name; ///< for messages
  std::unique_ptr<llvm::MemoryBuffer> bytes;
  std::vector<Initialiser> constructors;
  std::vector<Initialiser> destructors;
};

} // namespace tiercel
