// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "base/mark.h"

#include "llvm/IR/Function.h"

namespace tiercel {

/// Read from a function's attributes: "tiercel-tier"="hot" or "cold" is an order; LLVM's own hot and cold are
/// hints. Other values of "tiercel-tier" mean nothing.
inline Mark markOf(const llvm::Function& function) {
  const llvm::StringRef order = function.getFnAttribute("tiercel-tier").getValueAsString();
  if (order == "hot")
    return Mark::Hot;
  if (order == "cold")
    return Mark::Cold;
  if (function.hasFnAttribute(llvm::Attribute::Hot))
    return Mark::Likely;
  return function.hasFnAttribute(llvm::Attribute::Cold) ? Mark::Unlikely : Mark::None;
}

} // namespace tiercel
