// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The background: takes tripped functions, asks the policy, compiles the best candidate first.
//
// The program's side is TripList::push and at most a futex wake: no lock, nothing to wait for. Workers have a
// session each and lower scheduling priority than the program. With Options::sync there are no workers and
// the trip itself promotes. With a fixed tier there is nothing to promote; once the program changes, one
// thread does what workers do besides compiling (engine/housekeeper.h).
//
// Thread rule: thread-safe. Lifetime: the destructor waits for compiles in progress and drops what is queued.
#pragma once

#include "tiercel/error.h"
#include "tiercel/events.h"
#include "tiercel/stats.h"

#include "base/thread_annotations.h"
#include "engine/guest_calls.h"
#include "engine/sampling_thread.h"
#include "engine/wanted_by_children.h"
#include "tiering/compile_budget.h"
#include "tiering/compile_model.h"
#include "tiering/compile_queue.h"
#include "tiering/sample_window.h"
#include "tiering/trip_list.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <pthread.h>
#include <span>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace tiercel {

class EngineImpl;

/// What became of a background compile.
enum class Outcome {
  Published,
  Failed,     ///< and will again: the function keeps the code it has
  Superseded, ///< the program changed meanwhile, or the threads are ended: what was made is gone
  NotStarted, ///< or out of memory, for code or for a session: may be tried again
};

class Promoter {
public:
  /// `share`: see CompileBudget. `spareCore`: workers need not run at the program's expense.
  Promoter(EngineImpl& engine, unsigned threads, double share, bool spareCore);
  ~Promoter() { retire(); }

  /// A function's first code is about to be published: takes note of it and, if it counts, sets its counters.
  void firstCode(FunctionRecord& record, uint32_t codeBytes, bool counts) TIERCEL_EXCLUDES(mutex_);
  /// The function has another definition, or its code was dropped: what was counted and decided is void.
  void forget(FunctionRecord& record) TIERCEL_EXCLUDES(mutex_);
  /// The function is back on its first code, because newer code held what has changed: compiles it again.
  void again(FunctionRecord& record, unsigned tier) TIERCEL_EXCLUDES(mutex_);
  /// From compiled code; async-signal-safe but for Options::sync.
  void tripped(FunctionRecord& record, TripKind kind);
  /// One worker looks whether there is something to do.
  void wake();
  /// Starts the workers if there should be some and there are none.
  void ensureWorkers();
  /// Has somebody come for what the housekeeper finds due: the workers or, where there are to be none, a
  /// thread of its own. Not with Options::sync.
  void ensureHousekeeping() TIERCEL_EXCLUDES(mutex_);
  /// Whether somebody is there who compiles for guests; and has that done for the calling one.
  bool answersGuests() const { return answers_.load(std::memory_order_acquire); }
  /// `serial`: of the definition when the call began.
  Result<void*> compileForGuest(FunctionRecord& record, uint32_t serial);
  void waitIdle() TIERCEL_EXCLUDES(mutex_);
  /// Compiles functions that have code for `tier`, with the help of the calling thread, unless they have code
  /// at least as good or may have one version only. Returns when all are done, with those whose code was
  /// dropped meanwhile, because they were changed; the error names those that could not be compiled. A
  /// compile that a change of the program overtakes, of a body that it inlines, is begun again each time.
  Result<std::vector<FunctionRecord*>> prepare(std::span<FunctionRecord* const> functions, unsigned tier)
      TIERCEL_EXCLUDES(mutex_);
  /// Ends all threads, which give up what they compile at the next pass of LLVM's; none are started again. By
  /// who has EngineThreads, or is the only one.
  void retire() TIERCEL_EXCLUDES(mutex_);
  /// The same for a while; what is queued stays. By who has EngineThreads.
  void suspend() TIERCEL_EXCLUDES(mutex_);
  /// Starts what suspend() has ended, as children of the calling thread.
  void resume() TIERCEL_EXCLUDES(mutex_);

  size_t maxDepth() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return queue_.maxDepth();
  }
  SamplingSource samplingSource() const;
  uint64_t samples() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return samples_;
  }

  /// Threads that never run code of the program.
  std::vector<pid_t> workerIds() TIERCEL_EXCLUDES(mutex_);

  void lockForFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS;
  void unlockAfterFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS;
  /// With the locks held.
  void beforeFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS { wanted_.beforeFork(); }
  void afterForkInParent() TIERCEL_NO_THREAD_SAFETY_ANALYSIS;
  /// In a forked child, which has no worker threads: starts new ones if there were any. What they were
  /// compiling goes back into the queue. Not left until they are needed, because that may be in a signal
  /// handler, where threads cannot be made.
  void afterForkInChild() TIERCEL_NO_THREAD_SAFETY_ANALYSIS;

private:
  void startWorkers() TIERCEL_REQUIRES(mutex_);
  void startHousekeeper() TIERCEL_REQUIRES(mutex_);
  /// After `mustEnd_` was set.
  void joinThreads() TIERCEL_EXCLUDES(mutex_);
  static void* threadMain(void* promoter);
  static void* housekeeperMain(void* promoter);
  void work();
  void keepHouse();
  void answerGuests();
  /// Compiles one function that a forked child has asked for, if there is any.
  bool compileWanted();
  void begin(const char* name) TIERCEL_EXCLUDES(mutex_); ///< what all threads begin with
  /// Unless `workSignal_` has changed since it was `seen`.
  void sleepUntil(uint64_t due, uint32_t seen);
  void decideTripped() TIERCEL_EXCLUDES(mutex_);
  /// Carries out what the policy wants; returns what to tell listeners, without the lock. `trips` is 0 if
  /// samples brought the function here.
  Event consider(FunctionRecord& record, uint32_t trips) TIERCEL_REQUIRES(mutex_);
  /// More is known of a function that is in the queue: perhaps it is more urgent, or worth a higher tier.
  void reconsider(FunctionRecord& record, FunctionSnapshot& snapshot) TIERCEL_REQUIRES(mutex_);
  static bool leavableAt(const FunctionRecord& record, uint32_t header);
  FunctionSnapshot snapshotOf(const FunctionRecord& record, uint32_t trips) TIERCEL_REQUIRES(mutex_);
  enum class Take { Taken, Empty, OverBudget };
  Take takeBest(QueuedCompile& best) TIERCEL_EXCLUDES(mutex_);
  /// `error`: why it failed, of a version.
  Outcome promote(const QueuedCompile& item, class Session& session, bool background,
                  std::optional<Error>& error) TIERCEL_EXCLUDES(mutex_);
  void finished(const QueuedCompile& item, Outcome outcome, const std::optional<Error>& error,
                uint64_t nanoseconds) TIERCEL_EXCLUDES(mutex_);
  /// Borrows a session and compiles.
  void run(const QueuedCompile& item, bool background) TIERCEL_EXCLUDES(mutex_);
  void promoteNow() TIERCEL_EXCLUDES(mutex_);

  // --- what is known about heat (heat.cpp) ---
  /// Sets counters, keeping account of what was counted. 0: leaves one as it is.
  void rearm(FunctionRecord& record, uint32_t calls, uint32_t loops) TIERCEL_REQUIRES(mutex_);
  uint64_t callsOf(const FunctionRecord& record) const;
  uint64_t loopsOf(const FunctionRecord& record) const;
  double workOf(const FunctionRecord& record) const TIERCEL_REQUIRES(mutex_);
  /// From counts and samples of the same time.
  void learn(FunctionRecord& record, uint32_t trips) TIERCEL_REQUIRES(mutex_);
  void sampled(std::span<const std::optional<CodeRange>> hits) TIERCEL_EXCLUDES(mutex_);

  // --- prepare (prepare.cpp) ---
  struct Wanted {
    FunctionRecord* function;
    uint32_t epoch;
    bool asked = false;     ///< is or was in the queue for this
    uint32_t overtaken = 0; ///< the function's, when it was asked for
    unsigned attempts = 3;  ///< left, of such as nothing overtakes
    bool isChanged() const; ///< so that the code that was to be improved has been dropped
  };
  /// Queues those that can be now; true if some are still to wait for.
  bool ask(std::vector<Wanted>& wanted, unsigned tier) TIERCEL_REQUIRES(mutex_);
  /// When nothing is left to wait for: those that are not at the tier and have had their attempts. Others
  /// that are not are to be asked for again, which `again` says.
  static std::vector<const FunctionRecord*> findFailed(std::vector<Wanted>& wanted, unsigned tier,
                                                       bool& again);
  bool takeWanted(const std::vector<Wanted>& wanted, QueuedCompile& item) TIERCEL_REQUIRES(mutex_);

  EngineImpl& engine_;
  const unsigned threadLimit_; ///< 0: promote in the foreground
  const bool spareCore_;
  WantedByChildren wanted_;
  GuestCalls guests_;
  TripList trips_;
  Mutex mutex_;
  CompileQueue queue_ TIERCEL_GUARDED_BY(mutex_);
  CompileBudget budget_ TIERCEL_GUARDED_BY(mutex_);
  CompileModel model_ TIERCEL_GUARDED_BY(mutex_);
  SampleWindow window_ TIERCEL_GUARDED_BY(mutex_);
  uint64_t samples_ TIERCEL_GUARDED_BY(mutex_) = 0;
  /// Hit by samples in code that could be better, to be considered.
  std::vector<FunctionRecord*> hit_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<QueuedCompile> active_ TIERCEL_GUARDED_BY(mutex_);
  /// How promotions failed last, by function; of those that have not succeeded since.
  std::unordered_map<uint32_t, Error> failures_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<pthread_t> threads_ TIERCEL_GUARDED_BY(mutex_);
  std::optional<pthread_t> housekeeper_ TIERCEL_GUARDED_BY(mutex_); ///< where there are no workers
  std::vector<pid_t> workerIds_ TIERCEL_GUARDED_BY(mutex_);
  unsigned waiters_ TIERCEL_GUARDED_BY(mutex_) = 0; ///< in waitIdle: they want it done now
  SamplingThread sampling_;
  std::atomic<bool> running_{false};
  std::atomic<bool> keepsHouse_{false}; ///< `housekeeper_` was started
  std::atomic<bool> answers_{false};    ///< there is such a thread, or who ends it has yet to answer
  std::atomic<bool> stop_{false};
  std::atomic<bool> mustEnd_{false}; ///< for good, or for a while; compiles in progress give up
  /// Workers are to be there, and are but for suspend() and where the system gives none.
  bool wantsWorkers_ TIERCEL_GUARDED_BY(mutex_) = false;
  std::atomic<uint32_t> workSignal_{0}; ///< counts reasons to look; workers sleep on it
  std::atomic<uint32_t> idleSignal_{0}; ///< counts finished rounds; waitIdle sleeps on it
  std::atomic<uint32_t> doneSignal_{0}; ///< counts finished compiles; prepare sleeps on it
};

} // namespace tiercel
