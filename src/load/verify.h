// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's verifier, with the function at fault in the error.
// Thread rule: free functions without shared state.
#pragma once

#include "tiercel/error.h"

#include <string>

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace tiercel {

/// `name` is the module's, for the error.
Status verify(const llvm::Module& module, const std::string& name);
Status verify(const llvm::Function& function, const std::string& name);

} // namespace tiercel
