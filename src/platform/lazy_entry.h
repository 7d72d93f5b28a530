// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The assembly entries for calls to functions without code and for counters that ran out (lazy_entry.S), and
// what they need to know of the CPU.
#pragma once

#include "tiercel/error.h"

#include <cstddef>
#include <cstdint>

extern "C" {
/// Entered by a jump, with the function id and, after it, the engine pushed. Calls tiercel_first_call on a
/// stack of the engine's with all signals blocked, if that returns null tiercel_first_call_outside on the
/// program's with its signals, and jumps to the address it gets, with every register as it was.
void tiercel_lazy_entry();
/// Called by compiled code. Calls tiercel_counter_tripped on a stack of the engine's with all signals
/// blocked.
void* tiercel_trip_entry(uint32_t functionIdAndKind, uint32_t header, uint32_t epoch, void* engine);

// Defined by engine/first_call.cpp.
void* tiercel_first_call(void* engine, uint32_t functionId, void* returnAddress, void* programStack);
void* tiercel_first_call_outside(void* engine, uint32_t functionId, void* returnAddress);
void* tiercel_counter_tripped(uint32_t functionIdAndKind, uint32_t header, uint32_t epoch, void* engine);
}

namespace tiercel {

/// What an entry needs of the program's stack, below the return address of the call that comes into it.
constexpr size_t kEntryStackBytes = 128;

/// Finds out which register state XSAVE must keep on this CPU. Once per process, before any code runs;
/// fails on CPUs without XSAVE.
Status prepareLazyEntry();

} // namespace tiercel
