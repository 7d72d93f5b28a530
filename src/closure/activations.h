// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which closures the threads of the process are inside: records of threads, each with a list of marked slots.
//
// A thread gets a record when it first enters a closure and gives it back when it ends. Records and their
// chunks are mapped from the system (entering may happen in a signal handler, inside malloc) and never
// unmapped, so that they can be read without a lock. A list is a stack as long as its thread leaves closures
// in the order opposite to entering them; fibers need not, and leave null places behind, which are used again
// when a chunk is full.
//
// Without a process barrier no thread has a top, so that every entry takes the slow path and makes a fence
// there. Thread rule: startActivations once, before the first closure is made; dropOtherThreads in the child
// of a fork; the others for any thread.
#pragma once

#include "tiercel/detail/closure_slot.h"

#include <vector>

namespace tiercel {

/// Fails (Environment) if the process has no room for one more thread-specific key.
Status startActivations();

/// Replaces `marked` by the slots that threads are in, sorted. A slot that was retired before this call and
/// is not among them has been left, and will not be entered. False: they cannot be known now (the system
/// refused memory or the barrier).
bool collectMarkedSlots(std::vector<const detail::ClosureSlot*>& marked);

/// True if no other thread has ever entered a closure or all that did have ended, so that collectMarkedSlots
/// is cheap.
bool onlyThisThreadEntersClosures();

/// Forgets the threads that do not exist in the child.
void dropOtherThreads();

} // namespace tiercel
