// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IR lets functions, variables and aliases go without a name. To a linker they are one thing each, which
// nobody outside the module can mean, so they become internal and get names of their own: __unnamed_N for
// what LLVM prints as @N. The same bytes give the same names in every reader.
//
// Thread rule: the module is the caller's.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace tiercel {

/// Declarations stay as they are: nothing can define them.
void nameUnnamedValues(llvm::Module& module);

} // namespace tiercel
