// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/thread_stacks.h"

#include "base/thread_annotations.h"
#include "platform/aside.h"
#include "platform/membarrier.h"
#include "platform/memory_sharers.h"
#include "platform/own_memory.h"
#include "platform/stack.h"
#include "platform/thread_scan.h"

#include <cstring>
#include <pthread.h>
#include <unistd.h>

namespace tiercel {

namespace {

/// Held while the handler is installed or removed, during a scan and across forks.
Mutex mutex;
unsigned shares TIERCEL_GUARDED_BY(mutex) = 0;
int installed TIERCEL_GUARDED_BY(mutex) = 0;
/// Whether the thread whose id is the process's is the one the process was executed with. In a child that
/// another thread forked it is that other, and on its stack.
bool mainOnOwnStack TIERCEL_GUARDED_BY(mutex) = true;
bool forkerOnMainStack TIERCEL_GUARDED_BY(mutex) = true;

#if __has_feature(thread_sanitizer)
constexpr bool kSignalsAreDelayed = true;
#else
constexpr bool kSignalsAreDelayed = false;
#endif

/// What keeps this system from scanning, or null.
const char* obstacle() {
  if (kSignalsAreDelayed)
    return "ThreadSanitizer delays signals";
  if (!registerSerialisation())
    return "membarrier cannot synchronise instructions";
  uintptr_t word = 0;
  if (!readOwnMemory(reinterpret_cast<uintptr_t>(&mutex), &word, sizeof word))
    return "process_vm_readv does not work";
  uintptr_t head = 0;
  if (rawSyscall(SYS_get_robust_list, gettid(), reinterpret_cast<long>(&head),
                 reinterpret_cast<long>(&word)) != 0)
    return "get_robust_list does not work";
  ThreadStatus status;
  if (readStatus(gettid(), status) != ProcRead::Ok)
    return "/proc/self/task/*/status does not work";
  ThreadCall call;
  if (readCall(gettid(), call) != ProcRead::Ok)
    return "/proc/self/task/*/syscall does not work";
  if (mappingsOfProcess().empty())
    return "/proc/thread-self/maps does not work";
  return nullptr;
}

/// The stack pointer with which the calling thread left the program's stack. Looks at all that is in use of
/// the stacks of the engine's that it is on.
__attribute__((no_sanitize("address", "memory"))) uintptr_t leaveEngineStacks(const WordSearch& search,
                                                                              uintptr_t sp) {
  while (const std::optional<Stack::At> stack = Stack::at(sp)) {
    for (uintptr_t place = sp & ~uintptr_t(7); place < stack->top; place += sizeof(uintptr_t))
      search.look(*reinterpret_cast<const uintptr_t*>(place));
    sp = stack->cameFrom();
  }
  return sp;
}

Error otherSignal(int signal, int used) {
  return Error(ErrorKind::BadInput, "signal " + std::to_string(signal) + " for stack scans",
               "this process uses signal " + std::to_string(used) + " already");
}

} // namespace

Status ThreadStacks::checkSignal(int signal) {
  LockGuard lock(mutex);
  if (shares == 0)
    return ScanSignal::check(signal);
  return signal == installed ? Status() : Status(otherSignal(signal, installed));
}

Result<std::shared_ptr<ThreadStacks>> ThreadStacks::acquire(int signal) {
  const char* why = nullptr;
  if (Status ran = runAside([&] { why = obstacle(); }); !ran)
    return ran.takeError();
  if (why)
    return Error(ErrorKind::Environment, "scanning stacks", why);
  LockGuard lock(mutex);
  if (shares == 0) {
    Result<int> chosen = ScanSignal::install(signal);
    if (!chosen)
      return chosen.takeError();
    installed = *chosen;
  } else if (signal != 0 && signal != installed) {
    return otherSignal(signal, installed);
  }
  ++shares;
  return std::shared_ptr<ThreadStacks>(new ThreadStacks(installed));
}

ThreadStacks::~ThreadStacks() {
  LockGuard lock(mutex);
  if (--shares == 0)
    ScanSignal::remove(installed);
}

ThreadStacks::Outcome ThreadStacks::scan(const Request& request) {
  const WordSearch search{request.begin, request.end, request.visit, request.context};
  const ScanCaller caller{gettid(), leaveEngineStacks(search, request.callersFrom), pthread_self()};
  LockGuard lock(mutex);
  const bool onOwn = mainOnOwnStack;
  Outcome outcome;
  if (Status ran = runAside([&] { outcome = ThreadScan(request, signal_, onOwn, caller).run(); }); !ran)
    outcome.why = ran.error().message();
  return outcome;
}

void ThreadStacks::lockForFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  mutex.lock();
  forkerOnMainStack = gettid() == getpid() && mainOnOwnStack;
}

void ThreadStacks::unlockAfterFork(bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  if (inChild) {
    mainOnOwnStack = forkerOnMainStack;
    MemorySharers::forgetAll();
  }
  mutex.unlock();
}

} // namespace tiercel
