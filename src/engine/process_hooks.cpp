// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fork. The child has one thread and a copy of everything, including locks that other threads held at that
// moment and compiles that they were in the middle of. So all locks of all engines are taken before, in lock
// order, and released after on both sides; the child then forgets what its missing threads were doing.
// Compiles in progress hold no lock while they compile, so a fork never waits for one.
//
// Signals are blocked from before the first lock until after the last: a handler of the program's could need
// the locks, and in the child run code before it has moved to its copy.
#include "engine/process_hooks.h"

#include "engine/engine_impl.h"
#include "engine/engine_threads.h"
#include "link/thread_blocks.h"
#include "platform/borrowed_memory.h"
#include "platform/stack.h"
#include "unit/code_generator.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <pthread.h>

namespace tiercel {

namespace {

Mutex enginesMutex;
sigset_t signalsOfForker TIERCEL_GUARDED_BY(enginesMutex);
/// Made before it is needed: then there may be no memory for it.
const Error& noMemoryForCopy() {
  static const auto* error = new Error(ErrorKind::Environment, "fork",
                                       "there is no memory for the child's copy of the code, or the process "
                                       "has too many mappings");
  return *error;
}

void prepare() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  enginesMutex.lock();
  signalsOfForker = before;
  for (EngineImpl* engine : engines())
    engine->lockForFork();
  ThreadStacks::lockForFork();
  CodeGenerator::forkMutex().lock();
  ThreadBlocks::forkMutex().lock();
}
void release(bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  if (inChild)
    EngineThreads::forgetThreads();
  ThreadBlocks::forkMutex().unlock();
  CodeGenerator::forkMutex().unlock();
  ThreadStacks::unlockAfterFork(inChild);
  for (auto engine = engines().rbegin(); engine != engines().rend(); ++engine)
    (*engine)->unlockAfterFork(inChild);
  const sigset_t before = signalsOfForker;
  enginesMutex.unlock();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
void inParent() { release(false); }
void inChild() {
  Stack::forgetThreads();
  claimMemory();
  release(true);
}

} // namespace

Mutex& forkDelay() { return enginesMutex; }

// Never destroyed: the handlers run whenever the process forks, at exit too.
std::vector<EngineImpl*>& engines() {
  static auto* list = new std::vector<EngineImpl*>;
  return *list;
}

Status registerForFork(EngineImpl& engine) {
  static const int failed = pthread_atfork(prepare, inParent, inChild);
  if (failed != 0)
    return Error(ErrorKind::Environment, "fork handlers", strerror(failed));
  (void)noMemoryForCopy();
  claimMemory();
  EngineThreads::noteProcess();
  engines().push_back(&engine);
  return {};
}

void unregisterForFork(EngineImpl& engine) { std::erase(engines(), &engine); }

void registerDestructors(EngineImpl& engine) {
  // on_exit rather than atexit: a host that keeps its own static destructors from running (the command does)
  // must not thereby lose the program's.
  on_exit(
      [](int, void* argument) {
        auto* exiting = static_cast<EngineImpl*>(argument);
        {
          LockGuard lock(forkDelay());
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
  promoter_.lockForFork();
  firstCompiles_.forkMutex().lock();
  host_.forkMutex().lock();
  inlining_.forkMutex().lock();
  dsoHandles_.forkMutex().lock();
  statistics_.forkMutex().lock();
  map_.forkMutex().lock();
  arena_->forkMutex().lock();
  calls_.forkMutex().lock();
  arena_->copyForFork();
  promoter_.beforeFork();
}

void EngineImpl::unlockAfterFork(bool inChild) {
  if (!inChild) {
    arena_->dropForkCopy();
    promoter_.afterForkInParent();
  } else {
    if (!arena_->moveToForkCopy())
      fatal(noMemoryForCopy());
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
  promoter_.unlockAfterFork();
  pool_.fatal().forkMutex().unlock();
  pool_.forkMutex().unlock();
  registry_.forkMutex().unlock();
  versions_.mutex().unlock();
  materialiseMutex_.unlock();
  collector_.forkMutex().unlock();
  loadMutex_.unlock();
}

} // namespace tiercel
