// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C and C++ through the installed clang-22.
#pragma once

#include "load/input.h"

namespace tiercel {

/// By file name ending, as the compiler driver decides it.
bool isFrontendSource(const std::string& path);

/// Compiles one file to bitcode. The compiler's diagnostics go to standard error as they do natively; the
/// error only says that there were some.
Result<Input> compileSource(const std::string& path);
/// The same for text in memory that would be in a file called `name`.
Result<Input> compileText(llvm::StringRef text, const std::string& name);

} // namespace tiercel
