// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/own_stack.h"

#include "platform/proc_threads.h"
#include "platform/stack.h"

#include <csignal>
#include <unistd.h>

namespace tiercel {

namespace {
thread_local Mapping known; ///< of the stack that was found to be the thread's own last
} // namespace

bool isKnownStack(uintptr_t sp) { return known.contains(sp); }

bool isOwnStack(uintptr_t sp) {
  stack_t alternate{};
  if (Stack::contains(sp) || (sigaltstack(nullptr, &alternate) == 0 && !(alternate.ss_flags & SS_DISABLE) &&
                              sp - reinterpret_cast<uintptr_t>(alternate.ss_sp) < alternate.ss_size))
    return true;
  const auto threadBlock = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  const bool isMain = gettid() == getpid();
  for (const Mapping& mapping : mappingsOfProcess()) {
    if (!mapping.contains(sp))
      continue;
    // A thread's stack shares a mapping with its thread block.
    if (!(isMain ? mapping.isMainStack : mapping.contains(threadBlock)))
      return false;
    known = mapping;
    return true;
  }
  return true;
}

} // namespace tiercel
