// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tells whether callers compiled for one definition of a function may call another: what caller and callee
// must share beyond the type in LLVM's IR (calling convention, how arguments are passed and extended), and
// what of the old definition front ends put into the bodies of callers, where no recompilation can take it
// out.
//
// Source: the System V ABI for x86-64, 3.2.3, as LLVM's attributes express it (LangRef, "Parameter
// Attributes", "Calling Conventions"). Thread rule: the owner of the contexts.
#pragma once

#include "llvm/IR/Function.h"

#include <string>

namespace tiercel {

/// Whether both are called in the same way. Structures may have other names.
bool isSameAbi(const llvm::Function& a, const llvm::Function& b);
/// The type with all of that, to be read: "fastcc i8 zeroext (ptr byval(16 bytes, align 8))".
std::string signatureText(const llvm::Function& function);

/// Properties that front ends rely on in the shape of callers: a call where an invoke would be needed,
/// nothing behind a call.
struct ShapeClaims {
  bool unwinds = false; ///< it may unwind
  bool returns = false; ///< it may return
};
/// What the new definition does that the old one did not.
ShapeClaims newBehaviour(const llvm::Function& before, const llvm::Function& after);
/// Whether a body that calls `callee` was shaped by the belief that it does none of that.
bool reliesOnShape(const llvm::Function& caller, const llvm::GlobalValue& callee, const ShapeClaims& news);

} // namespace tiercel
