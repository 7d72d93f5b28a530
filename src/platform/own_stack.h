// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a stack is one that scans know (platform/thread_stacks.h): the calling thread's primary one, its
// alternate signal stack, or one of the engine's. Any other is a coroutine's.
//
// libc tells a thread where its stack is (pthread_getattr_np), but allocates for it, and a first call may be
// made by a handler that has interrupted malloc. So libc is asked once, on a thread made for that, and where
// it keeps what it answered in its own record of the thread is looked up there; later the others' records are
// read.
#pragma once

#include <cstdint>

namespace tiercel {

/// Finds out what isOwnStack has to know. Once per process; starts a thread, allocates and opens a file.
void prepareOwnStack();
/// Where `sp` is what the calling thread's stack pointer was when it left its stack for the engine's. False
/// also where it cannot be found out. Async-signal-safe; after prepareOwnStack.
bool isOwnStack(uintptr_t sp);

} // namespace tiercel
