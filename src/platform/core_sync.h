// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes what was written to code reach every thread: membarrier(2) with the core-serialising command.
// Thread rule: any thread, also in signal handlers.
#pragma once

namespace tiercel {

/// When it returns, every thread of the process has executed a serialising instruction, or will before it
/// executes another of the program's: none goes on with instructions that were fetched before the call.
/// Without membarrier (Linux before 4.16, some sandboxes) this is left to the coherence of x86-64 instruction
/// fetch, as other engines do; see codemem/call_sites.h.
void serialiseAllThreads();

} // namespace tiercel
