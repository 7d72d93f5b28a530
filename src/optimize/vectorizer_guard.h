// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeps LLVM's loop vectoriser off loops that it would compile wrongly.
//
// An alloca in a loop gives every iteration memory of its own. The vectoriser takes the address for uniform,
// because the instruction has no operand that varies: one allocation then serves all lanes. Stores to it are
// refused as long as the address itself is not stored, but where the target has scatters (AVX-512), a list of
// such blocks is vectorised, and its nodes become one.
// Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "llvm/IR/Module.h"

namespace tiercel {

/// Forbids the vectorisation of every loop of the module that allocates on the stack.
void guardVectorizer(llvm::Module& module);

} // namespace tiercel
