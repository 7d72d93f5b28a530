// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's IR pipelines of levels 1 to 3 over one unit, for the CPU of a target machine.
// Thread rule: belongs to a session.
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace tiercel {

/// `level` is 1, 2 or 3. Setting the pipeline up takes about a millisecond, which the background pays.
void optimizeModule(llvm::Module& module, llvm::TargetMachine& target, unsigned level);

} // namespace tiercel
