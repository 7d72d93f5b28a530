// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds every word in a range of addresses that any thread of the process has on its stack or in its
// registers: machine code that none of these words leads into will never run again, once nothing else leads
// there, and can be freed. A word that is missed is a crash, so whatever is not understood makes the outcome
// incomplete.
//
// What the caller must have done first: everything that hands out the addresses (cells, direct calls, tables)
// leads elsewhere. What compiled code must keep to: an address in the range is held only
//  - as a return address, or the pc, of a thread that executes there;
//  - for moments, in a register, on the way to being jumped to: not across a call, because the registers of a
//    thread that sleeps in a system call cannot be seen, except those with the call's arguments.
// It never goes from thread to thread or into memory that outlives a call. (Function pointers are addresses
// of stubs.) The engine's own code is bound by the same rules on threads that it does not exclude.
//
// Why one look at each thread is enough, at different times:
//  - First membarrier(2) makes all processors serialise. From then on none executes an old direct call, and
//    none has read a cell without having jumped.
//  - A thread that holds no address of the range when it is looked at cannot get one any more: nobody hands
//    them out, and it executes nothing there.
//  - A thread that starts later begins with an empty stack, at a function's stub. So one complete list of
//    threads is enough. A list of /proc/self/task can lack a thread only if another in it exited meanwhile
//    (the kernel goes on from a position that has shifted): it counts if all in it are in the next list, too.
//    A child of vfork has no thread here and runs on its parent's memory: while a thread waits in vfork or
//    clone, the scan is not complete. Nor is it while a child made with clone(CLONE_VM) runs on its memory,
//    of which memory_sharers.h knows.
//
// A thread that waits in a system call must not be signalled: the call might fail with EINTR. Its stack is
// copied from outside, which counts if it has not run meanwhile. A thread that runs gets a signal and looks
// itself; it is sent only after it was found running twice without having waited between, lest it is just on
// its way out of a wait. interrupted_call.h says what happens if it begins to wait at that moment.
//
// What is not seen, for users to exclude by other means:
//  - Stacks of coroutines that are suspended. One that runs during a scan is noticed (foreignStack); from
//    then on no scan can be relied on. One that shares a mapping with the thread's own stack is noticed only
//    by own_stack.h, and one in an array on that stack not at all.
//  - Children of clone(CLONE_VM) that memory_sharers.h was not told of.
//  - From outside: interrupted frames below a handler that waits on an alternate stack inside the primary
//    one, if the handler was installed without libc and has been replaced since.
//
// Thread rule: any thread with all signals blocked, not in a signal handler. One scan at a time; others wait.
// The work is done by a thread with descriptors of its own (aside.h), for which the caller waits. Fork: see
// lockForFork.
#pragma once

#include "tiercel/error.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>

namespace tiercel {

/// A share in the process's one scanner, whose signal handler is there as long as anybody has a share.
class ThreadStacks {
public:
  struct Request {
    uintptr_t begin, end; ///< words from begin to below end
    /// Called on the scanned threads, in a signal handler and at the same time, and on the calling thread,
    /// for every such word, also for the same one again. Async-signal-safe and thread-safe, and quick.
    void (*visit)(void* context, uintptr_t word);
    void* context;
    std::span<const pid_t> exclude; ///< threads known to hold none, by kernel thread id
    /// On the calling thread's stack: all that callers of those who know the words hold is here and above,
    /// also what they left in registers (saved_registers.h).
    uintptr_t callersFrom;
    uint64_t timeoutNs;
  };
  struct Outcome {
    bool complete = false;
    std::string why; ///< if not complete: which thread and what is wrong with it
    unsigned threads = 0, signalled = 0, blocked = 0;
    uint64_t longestPauseNs = 0; ///< of a signalled thread, in the handler
    bool foreignStack = false;   ///< a thread was on a stack that is neither its own nor for signals
  };

  /// Installs the handler if this is the first share. `signal` 0: the highest real-time signal that has the
  /// default disposition. Fails if the system lacks what is needed (gVisor, some seccomp filters, an
  /// unreadable /proc), under ThreadSanitizer, which delays signals, and if the others use another signal.
  static Result<std::shared_ptr<ThreadStacks>> acquire(int signal);
  /// Whether acquire would take this signal now, which is not 0.
  static Status checkSignal(int signal);
  ~ThreadStacks();
  ThreadStacks(const ThreadStacks&) = delete;
  ThreadStacks& operator=(const ThreadStacks&) = delete;

  Outcome scan(const Request& request);
  int signal() const { return signal_; }

  /// Around every fork that may be followed by scans in the child, innermost of all locks. A fork waits for a
  /// scan in progress.
  static void lockForFork();
  static void unlockAfterFork(bool inChild);

private:
  explicit ThreadStacks(int signal) : signal_(signal) {}
  const int signal_;
};

} // namespace tiercel
