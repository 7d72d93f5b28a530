// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names a function body by its content: its instructions, types, constants and the names it mentions. Equal
// in every process for equal bodies, whatever else the module holds. Never in it: the function's own name,
// names of local values and of structures, debug information, and the ids in link names (unit/link_name.h).
//
//  - `contentHash` recognises bodies that a profile fits: what decides where it counts. Not in it are
//  metadata,
//    attributes (they depend on the CPU), and the numbers that compilers append to names to keep them apart
//    (".str.12"), which change with unrelated code. That two bodies have one such hash does not prove that
//    they mean the same: internal constants are not looked into.
//  - `bodyHash` stands for the meaning: attributes, calling conventions, flags, alignments, orderings and
//    metadata are in it, and so are the values of constants that only the module knows. Two bodies that have
//    one do the same if the names that they mention mean the same.
//
// Thread rule: pure functions over the IR of the caller's context.
#pragma once

#include "base/strong_hash.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"

#include <cstdint>

namespace tiercel {

uint64_t contentHash(const llvm::Function& function);
StrongHash bodyHash(const llvm::Function& function);
/// Of the value that a constant begins with.
StrongHash valueHash(const llvm::GlobalVariable& constant);

} // namespace tiercel
