// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Demangle/Demangle.h"

#include <string>

namespace tiercel {

/// A symbol in a message: 'sum', or for a C++ name 'sum(int, int)' [_Z3sumii].
inline std::string symbolText(llvm::StringRef name) {
  const std::string readable = llvm::demangle(name);
  return "'" + readable + "'" + (readable == name ? "" : " [" + name.str() + "]");
}

/// The same without the linker's name for it.
inline std::string readableName(llvm::StringRef name) { return "'" + llvm::demangle(name) + "'"; }

} // namespace tiercel
