// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The background: takes tripped functions, asks the policy, compiles the best candidate first.
//
// The program's side is TripList::push and at most a futex wake: no lock, nothing to wait for. Workers have a
// session each and lower scheduling priority than the program. With Options::sync there are no workers and
// the trip itself promotes.
//
// Thread rule: thread-safe. Lifetime: the destructor waits for compiles in progress and drops what is queued.
#pragma once

#include "tiercel/events.h"

#include "base/thread_annotations.h"
#include "tiering/compile_budget.h"
#include "tiering/compile_queue.h"
#include "tiering/trip_list.h"

#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <vector>

namespace tiercel {

class EngineImpl;

class Promoter {
public:
  /// `share`: see CompileBudget.
  Promoter(EngineImpl& engine, unsigned threads, double share)
      : engine_(engine), threadLimit_(threads), budget_(share) {}
  ~Promoter() { retire(); }

  /// From compiled code; async-signal-safe but for Options::sync.
  void tripped(FunctionRecord& record, TripKind kind);
  /// Starts the workers if there should be some and there are none.
  void ensureWorkers();
  void waitIdle() TIERCEL_EXCLUDES(mutex_);
  /// Ends the workers, waiting for compiles in progress; none are started again.
  void retire() TIERCEL_EXCLUDES(mutex_);

  size_t maxDepth() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return queue_.maxDepth();
  }

  Mutex& forkMutex() { return mutex_; }
  /// In a forked child, which has no worker threads: starts new ones if there were any. What they were
  /// compiling goes back into the queue. Not left until they are needed, because that may be in a signal
  /// handler, where threads cannot be made.
  void afterForkInChild() TIERCEL_REQUIRES(mutex_);

private:
  void startWorkers() TIERCEL_REQUIRES(mutex_);
  static void* threadMain(void* promoter);
  void work();
  void decideTripped() TIERCEL_EXCLUDES(mutex_);
  /// Queues what the policy wants; returns what to tell listeners, without the lock.
  Event consider(FunctionRecord& record, uint32_t trips) TIERCEL_REQUIRES(mutex_);
  enum class Take { Taken, Empty, OverBudget };
  Take takeBest(QueuedCompile& best) TIERCEL_EXCLUDES(mutex_);
  bool promote(const QueuedCompile& item, class Session& session, bool background) TIERCEL_EXCLUDES(mutex_);
  void finished(const QueuedCompile& item, bool succeeded, uint64_t nanoseconds) TIERCEL_EXCLUDES(mutex_);
  /// Borrows a session and compiles.
  void run(const QueuedCompile& item, bool background) TIERCEL_EXCLUDES(mutex_);
  void wake();
  void promoteNow() TIERCEL_EXCLUDES(mutex_);

  EngineImpl& engine_;
  const unsigned threadLimit_; ///< 0: promote in the foreground
  TripList trips_;
  Mutex mutex_;
  CompileQueue queue_ TIERCEL_GUARDED_BY(mutex_);
  CompileBudget budget_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<QueuedCompile> active_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<pthread_t> threads_ TIERCEL_GUARDED_BY(mutex_);
  unsigned waiters_ TIERCEL_GUARDED_BY(mutex_) = 0; ///< in waitIdle: they want it done now
  std::atomic<bool> running_{false};
  std::atomic<bool> stop_{false};
  std::atomic<uint32_t> workSignal_{0}; ///< counts reasons to look; workers sleep on it
  std::atomic<uint32_t> idleSignal_{0}; ///< counts finished rounds; waitIdle sleeps on it
};

} // namespace tiercel
