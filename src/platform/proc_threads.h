// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What /proc tells about the threads of this process and its memory. Everything here opens files: in a
// program that counts its descriptors, call it on a thread that has a table of its own.
//
// Thread rule: any thread, not from signal handlers. Nothing is kept between calls.
#pragma once

#include "platform/stack_walk.h"

#include <array>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace tiercel {

/// Ids of the process's threads, ascending. A thread that exits meanwhile can hide others that do not
/// (proc(5) promises nothing). Empty if /proc is not there.
std::vector<pid_t> threadsOfProcess();

enum class ProcRead { Ok, Gone, Failed };

/// /proc/self/task/THREAD/status.
struct ThreadStatus {
  uint64_t blockedSignals = 0; ///< bit N-1 is signal N
  /// How often it gave up its processor to wait. Never the same again once it has run and waits anew.
  uint64_t voluntarySwitches = 0;
};
ProcRead readStatus(pid_t thread, ThreadStatus& status);

/// /proc/self/task/THREAD/syscall.
struct ThreadCall {
  bool waiting = false; ///< not running or runnable; nothing else is known if it is
  long number = -1;     ///< of the system call it waits in; -1: it waits elsewhere, in a page fault say
  std::array<uintptr_t, 6> arguments{};
  uintptr_t sp = 0; ///< of user code; 0 with pc 0: a thread of the kernel's own (io_uring), or a dead one
  uintptr_t pc = 0;
  bool operator==(const ThreadCall&) const = default;
};
ProcRead readCall(pid_t thread, ThreadCall& call);

/// Whether no page of private memory without a file in [begin, begin + size) was ever written, or read. False
/// if it cannot be found out.
bool isUntouched(uintptr_t begin, size_t size);

/// The mappings of this process, ascending. Not a snapshot: each is right at some moment during the call.
std::vector<Mapping> mappingsOfProcess();

} // namespace tiercel
