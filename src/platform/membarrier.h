// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one thread orders and all threads of the process obey: membarrier(2), private expedited. A forked
// child has to register again. Thread rule: free functions for any thread, also in signal handlers; errno
// stays.
#pragma once

namespace tiercel {

/// Announces the use of processBarrier to the kernel. False: it, or who restricts this process, does not
/// offer it, and both sides need fences.
bool registerProcessBarrier();

/// After it, every thread's stores from before some point during it are visible to the caller, and every
/// thread's loads from after that point see the caller's stores from before it: the other side of a
/// Dekker-like protocol can do with plain stores and loads. False: refused, and nothing may be concluded.
bool processBarrier();

/// Announces the use of serialiseAllThreads. Not needed, but with more than one thread it takes milliseconds:
/// better early than in the first change of a running program. False: not offered.
bool registerSerialisation();

/// Makes what was written to code reach every thread. When it returns, every thread of the process has
/// executed a serialising instruction, or will before it executes another of the program's: none goes on with
/// instructions that were fetched before the call. Registers if need be. False: without membarrier (Linux
/// before 4.16, some sandboxes) this is left to the coherence of x86-64 instruction fetch, as other engines
/// do; see codemem/call_sites.h.
bool serialiseAllThreads();

} // namespace tiercel
