// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of the program and everything of it that they reach by direct mention, gathered from the images
// into one module that stands alone: what remains undefined in it is outside the program.
//
// Names mean what the registry says (weak and strong, internal, aliases). Inside the module, everything of
// the program has a link name (unit/link_name.h), so that internal names of different images never meet.
//
// Thread rule: any thread, with a context of its own.
#pragma once

#include "tiercel/error.h"

#include "object/relocatable_code.h"
#include "registry/registry.h"

#include "llvm/IR/Module.h"

#include <memory>
#include <string>
#include <vector>

namespace tiercel {

struct CodeModule {
  std::unique_ptr<llvm::Module> module;
  llvm::StringMap<RelocatableCode::Function> functions; ///< the roots, by the name given
  llvm::StringMap<std::string> variables;               ///< symbols of those that other modules can see
};

/// `roots` are names as for Registry::findAnywhere. Refuses what cannot be independent of the engine, and
/// variables that static constructors initialise.
Result<CodeModule> gatherCode(Registry& registry, const std::vector<std::string>& roots,
                              llvm::LLVMContext& context);

} // namespace tiercel
