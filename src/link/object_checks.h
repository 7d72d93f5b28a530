// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What of ELF objects cannot be linked here, found before anything of one is entered, so that the answer says
// what to do and not what the linker met.
//
// Thread rule: any thread.
#pragma once

#include "tiercel/error.h"

#include "llvm/Support/MemoryBuffer.h"

namespace tiercel {

Status checkLinkable(llvm::MemoryBufferRef object);

} // namespace tiercel
