// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For hosts that build IR in memory. The only public header that names LLVM types.
#pragma once

#include "tiercel/engine.h"

namespace llvm {
class Module;
}

namespace tiercel {

/// Adds a module built by the host. It is verified and serialised once; the engine keeps no reference to it
/// or to its context. Thread rule: no other thread may use the module's context during the call.
Status addModule(Engine& engine, const llvm::Module& module);

} // namespace tiercel
