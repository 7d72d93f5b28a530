// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's IR pipelines over one unit, for the CPU of a target machine.
// Thread rule: belongs to a session.
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <atomic>

namespace tiercel {

/// `level` is 0 to 3; 0 is what code generation cannot do without: forced inlining, coroutines. Setting the
/// pipeline up takes about a millisecond, which the background pays. Once `givesUp`, if there is one, is set
/// only what is necessary is done: what comes out can be compiled, but is not what was asked for.
void optimizeModule(llvm::Module& module, llvm::TargetMachine& target, unsigned level,
                    const std::atomic<bool>* givesUp = nullptr);

} // namespace tiercel
