// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function body as one number: its instructions, types, constants and the names it mentions. Equal in every
// process for equal bodies, whatever else the module holds. Not in it: the function's own name, names of
// local values, metadata and debug information, attributes (they depend on the CPU), the ids in link names
// (unit/link_name.h), and the numbers that compilers append to names to keep them apart (".str.12"), which
// change with unrelated code.
//
// It recognises bodies that a profile fits. That two bodies have one hash does not prove that they mean the
// same: named constants of the program are not looked into.
// Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "llvm/IR/Function.h"

#include <cstdint>

namespace tiercel {

uint64_t contentHash(const llvm::Function& function);

} // namespace tiercel
