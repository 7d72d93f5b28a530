// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One scan of all threads (thread_stacks.h has the argument): a list of threads, and rounds in which each
// that is left is looked at from outside or sent a signal, until none is left or the time is over.
//
// Thread rule: belongs to the scanning thread; one scan at a time in the process.
#pragma once

#include "platform/proc_threads.h"
#include "platform/scan_signal.h"
#include "platform/thread_stacks.h"

#include <deque>
#include <vector>

namespace tiercel {

/// The thread for which another scans; it waits meanwhile. Its registers and what is above `sp` on stacks of
/// the engine's have been looked at.
struct ScanCaller {
  pid_t id;
  uintptr_t sp; ///< on a stack of the program's
  uintptr_t threadBlock;
};

class ThreadScan {
public:
  /// `mainOnOwnStack`: whether the thread whose id is the process's is on the mapping [stack].
  ThreadScan(const ThreadStacks::Request& request, int signal, bool mainOnOwnStack, const ScanCaller& caller);
  ThreadStacks::Outcome run();

private:
  struct Thread {
    pid_t id;
    bool done = false;
    bool ordered = false; ///< `slot` is its order to walk
    unsigned slot = 0;
    bool foundRunning = false;
    uint64_t voluntarySwitches = 0; ///< when it was found running
    const char* why = "it was not looked at";
  };
  struct View {
    std::vector<Mapping> mappings;
    ProcessView view;
  };

  bool listThreads();
  void refreshView();
  void collectHandlers();
  WalkResult lookAtCaller();
  void look(Thread& thread);
  void lookFromOutside(Thread& thread, const ThreadStatus& status, const ThreadCall& call);
  void lookByItself(Thread& thread, const ThreadStatus& status);
  const char* whyNotSignalled(pid_t thread, const ThreadStatus& status) const;
  bool hasRoom(pid_t thread) const;
  void take(Thread& thread, const ScanSignal::Report& report);
  void note(Thread& thread, const WalkResult& result);
  void withdrawOrders();
  void conclude();
  bool onMainStack(pid_t thread) const;
  bool timeIsUp() const;

  const ThreadStacks::Request& request_;
  const WordSearch search_;
  const int signal_;
  const bool mainOnOwnStack_;
  const ScanCaller caller_;
  const uint64_t deadlineNs_;
  std::vector<Thread> threads_;
  std::deque<View> views_; ///< the newest last; signalled threads may still use older ones
  bool viewIsStale_ = false;
  std::vector<uintptr_t> handlersReturns_;
  uint64_t handledOnAlternateStacks_ = 0; ///< bit N-1 is signal N
  std::vector<uintptr_t> buffer_;
  ThreadStacks::Outcome outcome_;
};

} // namespace tiercel
