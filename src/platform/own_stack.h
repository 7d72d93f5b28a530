// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a stack is one that scans know (platform/thread_stacks.h): the calling thread's primary one, its
// alternate signal stack, or one of the engine's. Any other is a coroutine's.
// Thread rule: any thread, with signals blocked.
#pragma once

#include <cstdint>

namespace tiercel {

/// The quick answer, in little stack: whether `sp` is on the thread's own stack, if that was found out
/// before.
bool isKnownStack(uintptr_t sp);
/// Where `sp` is what the calling thread's stack pointer was when it left its stack for this one. True also
/// where it cannot be found out. Allocates and opens a file.
bool isOwnStack(uintptr_t sp);

} // namespace tiercel
