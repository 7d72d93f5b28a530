// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work that opens files, for the program's threads and workers: descriptors are given lowest first, and a
// program can tell when another has taken one. It is done on a thread made for it, which has a descriptor
// table of its own.
//
// libc makes threads with memory from its heap, and the calling thread may be in a handler that interrupted
// malloc. So this one is made by clone, on a stack of the engine's, and has no thread-locals: it uses those
// of the calling thread, which sleeps until it has ended. To libc the two are one thread.
//
// Thread rule: any thread with all signals blocked, also where a first call or a trip leads.
#pragma once

#include "tiercel/error.h"

#include <functional>

namespace tiercel {

/// Calls `work` on that thread, which starts with an empty table, and waits for it. It must not throw, and
/// pthread_self is the caller's there. Fails, without calling it, if the system gives no thread, no table or
/// no memory for a stack.
Status runAside(const std::function<void()>& work);
/// From now on it fails, or does not: a filter of the program's would end a thread that makes another.
void permitAside(bool permitted);

} // namespace tiercel
