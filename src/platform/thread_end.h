// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When a thread is gone for the kernel, too. pthread_join returns when it has left the process's memory, a
// little before the kernel takes it off the list of the process's threads, and calls that only a process with
// one thread may make fail meanwhile. Thread rule: any thread.
#pragma once

#include "platform/raw_syscall.h"

#include <csignal>
#include <linux/wait.h>
#include <span>
#include <sys/types.h>

namespace tiercel {

/// Waits for threads of this process that have been joined. Their ids must not have been given to others.
inline void awaitEnd(std::span<const pid_t> threads) {
  const long process = rawSyscall(SYS_getpid);
  for (const pid_t thread : threads) {
    while (rawSyscall(SYS_tgkill, process, thread, 0) == 0)
      rawSyscall(SYS_sched_yield);
  }
  // Its id goes right before it leaves the list, under the lock that every search for children takes.
  constexpr long kAnyChild = 0; // P_ALL
  rawSyscall(SYS_waitid, kAnyChild, 0, 0, WEXITED | WNOHANG | WNOWAIT, 0);
}

} // namespace tiercel
