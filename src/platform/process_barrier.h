// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A memory barrier that one thread orders and all threads of the process obey (membarrier(2), private
// expedited): what lets the other side of a Dekker-like protocol do with plain stores and loads. Thread rule:
// free functions for any thread.
#pragma once

namespace tiercel {

/// Announces the use to the kernel, once per process; a forked child has to repeat it. False: the kernel, or
/// who restricts this process, does not offer it, and both sides need fences.
bool registerProcessBarrier();

/// After it, every thread's stores from before some point during it are visible to the caller, and every
/// thread's loads from after that point see the caller's stores from before it. False: refused, and nothing
/// may be concluded.
bool processBarrier();

} // namespace tiercel
