// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What inline assembly does beyond instructions. Directives and labels go to an assembler that outlives the
// unit, and names can be defined once in an object, however often optimisation copies their code.
// Thread rule: pure functions over the IR of the caller's context.
#pragma once

namespace llvm {
class Instruction;
class Module;
} // namespace llvm

namespace tiercel {

/// Whether assembling this module may leave anything in LLVM's assembler that the next module would meet:
/// counts of numeric labels, macros, relocations and the like, which it does not reset. Instructions leave
/// nothing.
bool leavesAssemblerState(const llvm::Module& module);

/// Whether this is inline assembly that defines something that an object can have once only: a label with a
/// name, a macro.
bool definesName(const llvm::Instruction& instruction);

/// Keeps optimisation from copying what definesName holds for: not by unrolling, nor by inlining, unless
/// nothing is left of the function.
void keepNamesSingle(llvm::Module& module);

} // namespace tiercel
