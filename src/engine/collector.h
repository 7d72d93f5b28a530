// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Giving retired code back (platform/thread_stacks.h has the argument): what is retired cannot be reached by
// new calls; what no stack leads into cannot be returned to; so it is taken out of all tables and freed.
//
// Lock order: after the load lock, before materialise; see docs/threading.md.
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

  /// Looks at all stacks and frees. `timeoutNs`: how long to wait for threads that cannot be looked at now. A
  /// fork may have to wait as long.
  Result<CollectReport> collect(uint64_t timeoutNs = 200'000'000) TIERCEL_EXCLUDES(mutex_);
  /// The host's word that nobody is in compiled code: frees all.
  CollectReport quiescentPoint() TIERCEL_EXCLUDES(mutex_);
  /// Bytes, of code and of images, that a look at all stacks may free and that the last one did not see. 0 if
  /// there can be none.
  uint64_t gain();
  /// When a first compile found no room for its code: frees what is retired, and retires before that all that
  /// can be, if `all`. Whether there is more room now; others may take it.
  bool makeRoom(bool all);

  /// On a program's thread in a first call: a coroutine's first steps on a stack of its own mostly are.
  /// `programStack` is on the stack that it came from.
  void noteStack(const void* programStack);
  /// A library of thread-locals that the program does not use any more. Under the lock of the versions. After
  /// the next collection no code does either, and closeLibraries closes it.
  void closeLater(void* library) { closable_.push_back(library); }
  /// Takes the dynamic loader's lock: without locks, and not where a first call or a trip leads.
  void closeLibraries() TIERCEL_EXCLUDES(mutex_);

  Mutex& forkMutex() { return mutex_; }

private:
  /// `callersFrom`: what is lower on this thread's stack are frames of this class's, full of what it looks
  /// for.
  Result<CollectReport> lookAndFree(uint64_t timeoutNs, uintptr_t callersFrom) TIERCEL_EXCLUDES(mutex_);
  void note(const CollectReport& report) TIERCEL_EXCLUDES(mutex_);
  /// Code that is retired, and images that are gone.
  uint64_t waitingBytes() const;
  /// Frees what was not seen. `waitedBytes`: what waited when the candidates were listed.
  void finish(std::span<CodeVersion* const> candidates, uint64_t waitedBytes, CollectReport& report)
      TIERCEL_REQUIRES(mutex_);
  bool mayHaveForeignStacks() const;

  EngineImpl& engine_;
  std::vector<void*> closable_; ///< under the lock of the versions
  std::vector<void*> unused_;   ///< of those, what no code uses; under the same lock
  Mutex mutex_;                 ///< one collection at a time
  /// With Reclaim::Signals, from the first collection on.
  std::shared_ptr<ThreadStacks> stacks_ TIERCEL_GUARDED_BY(mutex_);
  /// Return addresses may be on stacks that belong to no thread: from now on nothing is freed.
  std::atomic<bool> foreignStacks_{false};
  std::atomic<uint64_t> leftBytes_{0}; ///< that the last complete look has seen and left
};

} // namespace tiercel
