// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which variables may get their values from static constructors: what a constructor mentions, and the
// functions of its module that it reaches. (Most of what it reaches elsewhere is libraries.)
// Thread rule: any thread, with a context of its own.
#pragma once

#include "tiercel/error.h"

#include "load/image.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/LLVMContext.h"

namespace tiercel {

/// The ordinals of the variables that constructors of `image` mention.
Result<llvm::DenseSet<uint32_t>> findConstructed(std::shared_ptr<const ProgramImage> image,
                                                 llvm::LLVMContext& context);

} // namespace tiercel
