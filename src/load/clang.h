// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The installed clang 22 as a program.
// Thread rule: free functions without shared state; they read the environment.
#pragma once

#include "tiercel/error.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace tiercel {

/// Where Debian and apt.llvm.org install it.
inline constexpr llvm::StringRef kClangFolders[] = {"/usr/bin", "/usr/lib/llvm-22/bin"};

/// The words that start it: clang-22 in PATH or in one of the folders; else what CC or CXX names, which may
/// have arguments, if that is a clang 22. `source` is what needs it, for the error.
Result<std::vector<std::string>> findClang(const std::string& source,
                                           llvm::ArrayRef<llvm::StringRef> folders = kClangFolders);

/// How a run ended.
struct ToolRun {
  int status = 0;
  std::string output;   ///< standard output
  std::string messages; ///< standard error
};

/// Runs a program with `input` as its standard input and waits for it. Nothing of what it writes is shown,
/// and there are no temporary files: what it reads and writes is in memory. It gets no descriptor of this
/// process. This process notices nothing of it: no SIGCHLD arrives, and no wait() of another thread sees it,
/// whatever the disposition of SIGCHLD is.
Result<ToolRun> runTool(const std::vector<std::string>& command, llvm::StringRef input = {});

} // namespace tiercel
