// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C, C++ and assembly through the installed clang 22.
#pragma once

#include "tiercel/options.h"

#include "load/input.h"

namespace tiercel {

struct SourceText {
  llvm::StringRef text;
  const std::string& name;  ///< of the file that it is, or would be in: what messages name, and what it
                            ///< includes is looked for beside it
  llvm::StringRef language; ///< as clang's -x names it
  bool inFile;              ///< `name` is a file that contains it, for whoever opens it
};

/// Compiles it to bitcode, assembly to an object. What the compiler says is in the error; if it compiles all
/// the same, FrontendOptions::onMessages gets it.
Result<Input> compile(const SourceText& source, const FrontendOptions& options);

} // namespace tiercel
