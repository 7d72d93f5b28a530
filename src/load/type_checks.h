// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions about types that only a linker with all of a program's bitcode can answer.
// -fwhole-program-vtables lets clang assume the answers, which is given up here; so are loads of virtual
// functions for a linker that removes unused ones. -fsanitize=cfi and -fsanitize=kcfi make the program's
// safety depend on the answers: to leave them out in silence is no choice, so such code is refused. Thread
// rule: pure functions over the IR of the caller's context.
#pragma once

#include "tiercel/error.h"

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace tiercel {

/// Whether a module may ask, by what it declares: to be asked before the others, which read every
/// instruction.
bool mayCheckTypes(const llvm::Module& module);

/// Takes the questions out of a function, or says why the function is refused.
Status lowerTypeChecks(llvm::Function& function);

} // namespace tiercel
