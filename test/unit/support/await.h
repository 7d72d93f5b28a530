// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Waiting for other threads without taking part in what they do.
#pragma once

#include "platform/proc_threads.h"

#include <atomic>
#include <sys/types.h>
#include <thread>

namespace tiercel {

/// Until the thread waits in the system call, or has ended.
inline void awaitCall(const std::atomic<pid_t>& thread, long number) {
  ThreadCall call;
  while (thread == 0 || (readCall(thread, call) == ProcRead::Ok && call.number != number))
    std::this_thread::yield();
}

inline void await(const std::atomic<bool>& flag) {
  while (!flag)
    std::this_thread::yield();
}

} // namespace tiercel
