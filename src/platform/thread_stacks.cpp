// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/thread_stacks.h"

#include "base/thread_annotations.h"
#include "platform/membarrier.h"
#include "platform/own_memory.h"
#include "platform/thread_scan.h"

#include <cstring>
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
  if (const char* why = obstacle())
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
  LockGuard lock(mutex);
  return ThreadScan(request, signal_, mainOnOwnStack).run();
}

void ThreadStacks::lockForFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  mutex.lock();
  forkerOnMainStack = gettid() == getpid() && mainOnOwnStack;
}

void ThreadStacks::unlockAfterFork(bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
  if (inChild)
    mainOnOwnStack = forkerOnMainStack;
  mutex.unlock();
}

} // namespace tiercel
