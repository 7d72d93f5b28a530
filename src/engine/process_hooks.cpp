// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fork. The child has one thread and a copy of everything, including locks that other threads held at that
// moment and compiles that they were in the middle of. So all locks of all engines are taken before, in lock
// order, and released after on both sides; the child then forgets what its missing threads were doing.
// Compiles in progress hold no lock while they compile, so a fork never waits for one.
#include "engine/process_hooks.h"

#include "engine/engine_impl.h"
#include "platform/futex.h"

#include <algorithm>
#include <cstdlib>
#include <pthread.h>

namespace tiercel {

namespace {

Mutex enginesMutex;
// Never destroyed: the handlers run whenever the process forks, at exit too.
std::vector<EngineImpl*>& engines() {
  static auto* list = new std::vector<EngineImpl*>;
  return *list;
}

void prepare() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  enginesMutex.lock();
  for (EngineImpl* engine : engines())
    engine->lockForFork();
  ThreadStacks::lockForFork();
}
void release(bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  ThreadStacks::unlockAfterFork(inChild);
  for (auto engine = engines().rbegin(); engine != engines().rend(); ++engine)
    (*engine)->unlockAfterFork(inChild);
  enginesMutex.unlock();
}
void inParent() { release(false); }
void inChild() { release(true); }

} // namespace

void registerForFork(EngineImpl& engine) {
  static const int registered = pthread_atfork(prepare, inParent, inChild);
  (void)registered;
  LockGuard lock(enginesMutex);
  engines().push_back(&engine);
}

void unregisterForFork(EngineImpl& engine) {
  LockGuard lock(enginesMutex);
  std::erase(engines(), &engine);
}

void registerDestructors(EngineImpl& engine) {
  // on_exit rather than atexit: a host that keeps its own static destructors from running (the command does)
  // must not thereby lose the program's.
  on_exit(
      [](int, void* argument) {
        auto* exiting = static_cast<EngineImpl*>(argument);
        {
          LockGuard lock(enginesMutex);
          if (std::find(engines().begin(), engines().end(), exiting) == engines().end())
            return;
        }
        exiting->runDestructors();
      },
      &engine);
}

void EngineImpl::lockForFork() {
  loadMutex_.lock();
  collector_.forkMutex().lock();
  materialiseMutex_.lock();
  versions_.mutex().lock();
  registry_.forkMutex().lock();
  pool_.forkMutex().lock();
  pool_.fatal().forkMutex().lock();
  promoter_.forkMutex().lock();
  firstCompiles_.forkMutex().lock();
  host_.forkMutex().lock();
  inlining_.forkMutex().lock();
  dsoHandles_.forkMutex().lock();
  statistics_.forkMutex().lock();
  map_.forkMutex().lock();
  arena_->forkMutex().lock();
  calls_.forkMutex().lock();
  // Code memory is shared with the child: neither may change calls in what the other runs.
  calls_.releaseAll();
}

void EngineImpl::unlockAfterFork(bool inChild) {
  arena_->freezeForFork();
  if (inChild) {
    arena_->abandonOpenSegment();
    map_.forgetReaders();
    housekeeper_.forgetThreads();
    constructors_.forgetThreads();
    promoter_.afterForkInChild();
    firstCompiles_.afterForkInChild();
    removing_.clear(); // as are those that ran destructors: what is left of the modules can be removed
  }
  calls_.forkMutex().unlock();
  arena_->forkMutex().unlock();
  map_.forkMutex().unlock();
  statistics_.forkMutex().unlock();
  dsoHandles_.forkMutex().unlock();
  inlining_.forkMutex().unlock();
  host_.forkMutex().unlock();
  firstCompiles_.forkMutex().unlock();
  promoter_.forkMutex().unlock();
  pool_.fatal().forkMutex().unlock();
  pool_.forkMutex().unlock();
  registry_.forkMutex().unlock();
  versions_.mutex().unlock();
  materialiseMutex_.unlock();
  collector_.forkMutex().unlock();
  loadMutex_.unlock();
}

} // namespace tiercel
