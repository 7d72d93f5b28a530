// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the calling thread runs on a stack that scans know (platform/thread_stacks.h): its primary one, its
// alternate signal stack, or one of the engine's. On another, it is a coroutine's.
// Thread rule: any thread, with signals blocked; may allocate and open a file, once per thread and stack.
#pragma once

namespace tiercel {

/// True also where it cannot be found out.
bool isOnOwnStack();

} // namespace tiercel
