// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls and jumps to functions of the program in the form that the linker can make direct: `call name`, which
// has five bytes, gets an address-size prefix before it, which means nothing to a processor. In six bytes the
// linker has two places for the operand, or room for a call through the function's cell
// (codemem/call_sites.h).
//
//     67 e8 rel32    addr32 call name#f1a3          67 e9 rel32    addr32 jmp name#f1a3
//
// All such instructions of an object have the prefix, those of inline assembly too: the linker could not tell
// a prefix from the end of the instruction before.
//
// Thread rule: any thread.
#pragma once

#include "llvm/MC/TargetRegistry.h"

namespace tiercel {

/// The X86 target with an encoder that does so. Its code generators are made and used like the others; it
/// lives as long as the process.
const llvm::Target& withDirectCalls(const llvm::Target& x86);

} // namespace tiercel
