// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Giving retired code back (platform/thread_stacks.h has the argument): what is retired cannot be reached by
// new calls; what no stack leads into cannot be returned to; so it is taken out of all tables and freed.
//
// Lock order: after the load lock, before materialise; see engine_impl.h.
// Thread rule: thread-safe.
#pragma once

#include "tiercel/error.h"
#include "tiercel/module.h"

#include "base/thread_annotations.h"
#include "codemem/code_version.h"
#include "platform/thread_stacks.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tiercel {

class EngineImpl;

class Collector {
public:
  explicit Collector(EngineImpl& engine) : engine_(engine) {}
  ~Collector();

  /// Looks at all stacks and frees.
  Result<CollectReport> collect() TIERCEL_EXCLUDES(mutex_);
  /// The host's word that nobody is in compiled code: frees all.
  CollectReport quiescentPoint() TIERCEL_EXCLUDES(mutex_);
  /// By a change of the program: wakes a worker if there is, or will be, something to give back.
  void programChanged();
  /// By workers: collects if there is enough to gain, and gives back heap that changes left. `busy`: there
  /// is code to compile, so only what is urgent. Returns when it is to be called again: kNothingDue if not
  /// before something else happens.
  uint64_t workInBackground(bool busy);
  static constexpr uint64_t kNothingDue = ~uint64_t(0);
  /// When a first compile found no room for its code; whether there is more now.
  bool makeRoom();
  /// When nothing has been compiled for a while: frees what LLVM keeps, and what the heap keeps of that.
  void giveBackMemory();

  /// On a program's thread in a first call: a coroutine's first steps on a stack of its own mostly are.
  void noteStack();
  /// A library of thread-locals that are not used any more; closed by the next collection. Under the lock of
  /// the versions.
  void closeLater(void* library) { closable_.push_back(library); }

  Mutex& forkMutex() { return mutex_; }
  /// In a forked child: nobody else is here.
  void forgetThreads() { working_.store(false, std::memory_order_relaxed); }

private:
  Result<CollectReport> collect(uint64_t timeoutNs) TIERCEL_EXCLUDES(mutex_);
  Result<CollectReport> lookAndFree(uint64_t timeoutNs) TIERCEL_EXCLUDES(mutex_);
  void note(const CollectReport& report) TIERCEL_EXCLUDES(mutex_);
  /// Code that is retired, and images that are gone.
  uint64_t waitingBytes() const;
  /// When there is something to do; kNothingDue if there is not.
  uint64_t collectionDueNs(uint64_t worthwhileBytes) const;
  uint64_t heapDueNs() const;
  void collectNow();
  void giveBackHeap();
  void finish(std::span<CodeVersion* const> candidates, CollectReport& report) TIERCEL_REQUIRES(mutex_);
  bool mayHaveForeignStacks() const;

  EngineImpl& engine_;
  std::vector<void*> closable_; ///< under the lock of the versions
  Mutex mutex_;                 ///< one collection at a time
  /// With Reclaim::Signals, from the first collection on.
  std::shared_ptr<ThreadStacks> stacks_ TIERCEL_GUARDED_BY(mutex_);
  /// Return addresses may be on stacks that belong to no thread: from now on nothing is freed.
  std::atomic<bool> foreignStacks_{false};
  /// The background looks again after this time, when so much more waits than what it left.
  std::atomic<uint64_t> afterNs_{0}, leftBytes_{0};
  std::atomic<uint64_t> retiredBefore_{0}; ///< versions that the last look saw
  /// The same for the heap, by changes of the program.
  std::atomic<uint64_t> heapAfterNs_{0}, changes_{0};
  std::atomic<uint64_t> workerComesNs_{kNothingDue}; ///< without being woken
  std::atomic<bool> working_{false};                 ///< in the background: its owner has the next
  uint64_t intervalNs_ = 0;
};

} // namespace tiercel
