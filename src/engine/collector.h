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
  /// By workers, when they have nothing better to do: collects if there is enough to gain.
  void collectInBackground();
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
  void finish(std::span<CodeVersion* const> candidates, CollectReport& report) TIERCEL_REQUIRES(mutex_);
  bool mayHaveForeignStacks() const;

  EngineImpl& engine_;
  std::vector<void*> closable_; ///< under the lock of the versions
  Mutex mutex_;                 ///< one collection at a time
  /// With Reclaim::Signals, from the first collection on.
  std::shared_ptr<ThreadStacks> stacks_ TIERCEL_GUARDED_BY(mutex_);
  /// Return addresses may be on stacks that belong to no thread: from now on nothing is freed.
  std::atomic<bool> foreignStacks_{false};
  std::atomic<uint64_t> atBytes_{256 << 10}, afterNs_{0}; ///< when the background looks again
  std::atomic<bool> working_{false};                      ///< in the background: its owner has the next
  uint64_t intervalNs_ = 0;
};

} // namespace tiercel
