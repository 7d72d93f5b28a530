// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The assembly entry for calls to functions without code (lazy_entry.S) and what it needs to know of the CPU.
#pragma once

#include "tiercel/error.h"

#include <cstdint>

extern "C" {
/// Entered by a jump, with the function id and, after it, the engine pushed. Calls tiercel_first_call and
/// jumps to the address it returns, with every register as it was.
void tiercel_lazy_entry();
/// Defined by engine/first_call.cpp.
void* tiercel_first_call(void* engine, uint32_t functionId, void* returnAddress);
}

namespace tiercel {

/// Finds out which register state XSAVE must keep on this CPU. Once per process, before any code runs;
/// fails on CPUs without XSAVE.
Status prepareLazyEntry();

} // namespace tiercel
