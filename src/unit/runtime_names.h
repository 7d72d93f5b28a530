// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace tiercel {

/// Calls `use` with each name that LLVM may call on its own: its code generator where the CPU has no
/// instruction (llvm/IR/RuntimeLibcalls.h), its passes where one function of the C library can stand for
/// another (llvm/Analysis/TargetLibraryInfo.h). No module mentions them. Any thread.
void forEachRuntimeName(llvm::function_ref<void(llvm::StringRef name)> use);

} // namespace tiercel
