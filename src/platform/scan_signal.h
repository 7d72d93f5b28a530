// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs walkStack on other threads, in a signal handler. Process-wide, as signals are: everything is static.
//
// The handler runs without SA_ONSTACK: how large a thread's alternate stack is only the thread itself knows,
// and the smallest, 2 KiB, has no room for it; whether its own stack has can be seen from outside
// (ThreadScan::hasRoom). The handler needs the kernel's frame (3 KiB with AVX-512, 11 with AMX) and less than
// 1 KiB. It leaves errno alone and makes calls that it has interrupted again (interrupted_call.h). All
// signals are blocked while it runs.
//
// A signal of that number that does not carry what was sent here is ignored. One that arrives after its order
// was withdrawn does nothing: orders have tickets, and a ticket is used once. Nothing that a late handler
// touches is ever freed.
//
// Thread rule: all functions by one thread at a time, the one that scans. Fork: not while an order is out.
#pragma once

#include "tiercel/error.h"

#include "platform/stack_walk.h"

#include <cstdint>
#include <sys/types.h>

namespace tiercel {

class ScanSignal {
public:
  /// Threads that can be in the handler at once.
  static constexpr unsigned kMostOrders = 32;

  /// Installs the handler for `signal`, or if that is 0 for the highest real-time signal with the default
  /// disposition; returns which.
  static Result<int> install(int signal);
  /// Whether install would take this one now.
  static Status check(int signal);
  /// Puts back what was before, unless somebody has installed a handler of his own since. No order is out.
  static void remove(int signal);
  static bool isInstalled(int signal);

  struct Order {
    const WordSearch* search;
    const ProcessView* view; ///< this and `search` stay until the order is collected or withdrawn
    bool onMainStack;
  };
  struct Report {
    WalkResult result;
    uint64_t pauseNs;
  };
  enum class Sent { Yes, Gone, Later };

  /// Has `thread` walk its own stack. `slot` is valid until the order is collected or withdrawn.
  static Sent send(int signal, pid_t thread, const Order& order, unsigned& slot);
  /// False as long as the thread has not finished.
  static bool collect(unsigned slot, Report& report);
  /// False if the thread has begun: it will finish.
  static bool withdraw(unsigned slot);
  /// Sleeps until a thread finishes, or for `nanoseconds`, under a second. May return early.
  static void waitForAny(long nanoseconds);
};

} // namespace tiercel
