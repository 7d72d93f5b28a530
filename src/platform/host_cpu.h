// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The processor that code is made for. Thread rule: immutable once made; initialises LLVM's X86 target once
// per process.
#pragma once

#include "tiercel/error.h"

#include "base/strong_hash.h"

#include "llvm/TargetParser/Triple.h"

#include <string>

namespace llvm {
class Target;
}

namespace tiercel {

struct HostCpu {
  const llvm::Target* target = nullptr;
  llvm::Triple triple;
  std::string name;     ///< as LLVM calls it: "znver4"
  std::string features; ///< all of them, as LLVM writes them: "+avx2,-sse4a,…"
  StrongHash content;   ///< of name and features

  /// `name` "native" or one of LLVM's. An unknown one is an error that lists nothing but says how to.
  static Result<HostCpu> find(const std::string& name);
};

/// What all code here is for: x86-64 Linux with the System V ABI.
llvm::Triple machineTriple();

} // namespace tiercel
