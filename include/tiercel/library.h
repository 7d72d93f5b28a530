// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For hosts that load shared libraries themselves. Thread rule: any thread.
#pragma once

#include "tiercel/error.h"

#include <string>

namespace tiercel {

/// Whether dlopen(name) would find whole files: of one that is cut short, the library or one that it needs,
/// the loader maps what is not there, and the process ends by SIGBUS. The engine looks before it loads a
/// library, and before the program does. No error for what dlopen finds wrong itself.
Status checkLibrary(const std::string& name);

} // namespace tiercel
