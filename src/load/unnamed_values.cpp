// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/unnamed_values.h"

#include "llvm/ADT/Twine.h"
#include "llvm/IR/Module.h"

namespace tiercel {

void nameUnnamedValues(llvm::Module& module) {
  // LLVM's printer numbers variables first, then aliases, ifuncs and functions.
  unsigned number = 0;
  const auto name = [&number](llvm::GlobalValue& value) {
    if (value.hasName())
      return;
    const unsigned own = number++;
    if (value.isDeclaration())
      return;
    value.setLinkage(llvm::GlobalValue::InternalLinkage);
    value.setName("__unnamed_" + llvm::Twine(own));
  };
  for (llvm::GlobalVariable& variable : module.globals())
    name(variable);
  for (llvm::GlobalAlias& alias : module.aliases())
    name(alias);
  for (llvm::GlobalIFunc& ifunc : module.ifuncs())
    name(ifunc);
  for (llvm::Function& function : module)
    name(function);
}

} // namespace tiercel
