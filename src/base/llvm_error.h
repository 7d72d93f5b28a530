// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "tiercel/error.h"

#include "llvm/Support/Error.h"

namespace tiercel {

/// Turns LLVM's error into ours, with the context that LLVM's lacks.
inline Error fromLlvm(llvm::Error error, ErrorKind kind, std::string what) {
  std::string why;
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase& info) {
    why += (why.empty() ? "" : "; ") + info.message();
  });
  return Error(kind, std::move(what), std::move(why));
}

} // namespace tiercel
