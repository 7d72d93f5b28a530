// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/thread_scan.h"

#include "base/clock.h"
#include "platform/membarrier.h"
#include "platform/memory_sharers.h"
#include "platform/raw_syscall.h"

#include <algorithm>
#include <csignal>
#include <linux/futex.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tiercel {

namespace {

/// Between rounds, so that threads that run have the time to get on.
constexpr long kShortestPauseNs = 100'000;
constexpr long kLongestPauseNs = 2'000'000;
constexpr size_t kBufferWords = 8192;

/// In the handler of a scan.
bool looksAtItself(const ThreadCall& call) {
  return call.number == SYS_process_vm_readv ||
         (call.number == SYS_futex && (call.arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAKE);
}
bool waitsForChild(long call) { return call == SYS_vfork || call == SYS_clone || call == SYS_clone3; }

/// An address in the thread's thread block: that is where libc keeps the head of the list of robust mutexes.
/// 0 if the thread has not come so far yet.
uintptr_t threadBlock(pid_t thread) {
  uintptr_t head = 0;
  size_t size = 0;
  const long result =
      rawSyscall(SYS_get_robust_list, thread, reinterpret_cast<long>(&head), reinterpret_cast<long>(&size));
  return result == 0 ? head : 0;
}

std::string describe(pid_t thread, const char* why) {
  return "thread " + std::to_string(thread) + ": " + why;
}

} // namespace

ThreadScan::ThreadScan(const ThreadStacks::Request& request, int signal, bool mainOnOwnStack,
                       const ScanCaller& caller)
    : request_(request), search_{request.begin, request.end, request.visit, request.context}, signal_(signal),
      mainOnOwnStack_(mainOnOwnStack), caller_(caller), deadlineNs_(nowNs() + request.timeoutNs),
      buffer_(kBufferWords) {}

ThreadStacks::Outcome ThreadScan::run() {
  const auto fail = [this](const char* why) {
    outcome_.why = why;
    return outcome_;
  };
  if (!ScanSignal::isInstalled(signal_))
    return fail("the program handles the signal itself now");
  if (!serialiseAllThreads())
    return fail("membarrier fails");
  if (!listThreads())
    return fail("threads come and go too fast to be listed");
  if (MemorySharers::exist())
    return fail("a child made with clone(CLONE_VM) runs on the same memory");
  collectHandlers();
  refreshView();
  if (const WalkResult caller = lookAtCaller(); caller.end != WalkEnd::Complete) {
    outcome_.foreignStack = caller.end == WalkEnd::Foreign;
    outcome_.why = describe(caller_.id, caller.why);
    return outcome_;
  }

  const auto isLeft = [](const Thread& thread) { return !thread.done; };
  long pause = kShortestPauseNs;
  for (;;) {
    for (Thread& thread : threads_)
      if (!thread.done)
        look(thread);
    if (std::none_of(threads_.begin(), threads_.end(), isLeft) || outcome_.foreignStack || timeIsUp())
      break;
    ScanSignal::waitForAny(pause);
    pause = std::min(pause * 2, kLongestPauseNs);
    if (viewIsStale_)
      refreshView();
  }
  withdrawOrders();
  conclude();
  return outcome_;
}

/// A complete list of the threads that were there at some moment after the call. False if there is none.
bool ThreadScan::listThreads() {
  std::vector<pid_t> first = threadsOfProcess(), second;
  for (;;) {
    if (first.empty() || timeIsUp())
      return false;
    second = threadsOfProcess();
    if (std::includes(second.begin(), second.end(), first.begin(), first.end()))
      break;
    first.swap(second);
  }
  for (const pid_t id : first)
    if (id != gettid() &&
        std::find(request_.exclude.begin(), request_.exclude.end(), id) == request_.exclude.end()) {
      ++outcome_.threads;
      if (id != caller_.id)
        threads_.push_back({.id = id});
    }
  return true;
}

void ThreadScan::refreshView() {
  View& added = views_.emplace_back();
  added.mappings = mappingsOfProcess();
  added.view = {added.mappings, handlersReturns_};
  viewIsStale_ = false;
}

/// libc gives all handlers the same place to return to, but others install handlers, too.
void ThreadScan::collectHandlers() {
  struct KernelSigaction {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
  };
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    KernelSigaction action{};
    if (rawSyscall(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&action), sizeof action.mask) != 0 ||
        action.restorer == 0)
      continue;
    if ((action.flags & SA_ONSTACK) != 0)
      handledOnAlternateStacks_ |= uint64_t(1) << (signal - 1);
    if (std::find(handlersReturns_.begin(), handlersReturns_.end(), action.restorer) ==
        handlersReturns_.end())
      handlersReturns_.push_back(action.restorer);
  }
}

WalkResult ThreadScan::lookAtCaller() {
  return walkStack(search_, views_.back().view,
                   {caller_.sp, caller_.threadBlock, onMainStack(caller_.id), {}}, buffer_);
}

void ThreadScan::look(Thread& thread) {
  ScanSignal::Report report;
  if (thread.ordered && ScanSignal::collect(thread.slot, report)) {
    thread.ordered = false;
    take(thread, report);
    return;
  }
  ThreadStatus status;
  ThreadCall call;
  ProcRead read = readStatus(thread.id, status);
  if (read == ProcRead::Ok)
    read = readCall(thread.id, call);
  if (read == ProcRead::Failed) {
    thread.why = "its files in /proc cannot be read";
  } else if (read == ProcRead::Gone || (call.waiting && call.sp == 0 && call.pc == 0)) {
    // Has ended; or has no user code, like those of io_uring.
    thread.done = true;
  } else if (call.waiting && call.number >= 0) {
    lookFromOutside(thread, status, call);
  } else {
    lookByItself(thread, status);
  }
}

/// Of a thread that waits: looks at a copy, which is good if the thread did not run meanwhile. Whoever ran
/// and waits again has given up its processor once more.
void ThreadScan::lookFromOutside(Thread& thread, const ThreadStatus& status, const ThreadCall& call) {
  thread.foundRunning = false;
  if (waitsForChild(call.number))
    return note(thread, {WalkEnd::Unsure, "it waits for a child that uses its memory"});
  if (looksAtItself(call))
    return note(thread, {WalkEnd::Unsure, "it is looking at its stack itself"});
  const WalkStart start{call.sp, threadBlock(thread.id), onMainStack(thread.id), {}};
  if (!start.onMainStack && start.threadBlock == 0)
    return note(thread, {WalkEnd::Unsure, "where its stack ends is not known"});
  const WalkResult result = walkStack(search_, views_.back().view, start, buffer_);
  if (result.end != WalkEnd::Complete)
    return note(thread, result);
  search_.look(call.pc);
  for (const uintptr_t argument : call.arguments)
    search_.look(argument);

  ThreadStatus statusAfter;
  ThreadCall callAfter;
  if (readCall(thread.id, callAfter) != ProcRead::Ok || callAfter != call ||
      readStatus(thread.id, statusAfter) != ProcRead::Ok ||
      statusAfter.voluntarySwitches != status.voluntarySwitches)
    return note(thread, {WalkEnd::Unsure, "it runs for too short times to be caught"});
  ++outcome_.blocked;
  note(thread, result);
}

/// Whether the lower end of its stack was never touched, so that it is not near it: where a handler would not
/// fit. Stacks under 256 KiB are made to be used to the end.
bool ThreadScan::hasRoom(pid_t thread) const {
  constexpr uintptr_t kSmall = 256 << 10, kRoom = 64 << 10;
  const bool isMain = onMainStack(thread);
  const uintptr_t block = isMain ? 0 : threadBlock(thread);
  const std::vector<Mapping>& mappings = views_.back().mappings;
  const auto mapping = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping& m) {
    return isMain ? m.isMainStack : m.contains(block);
  });
  if (mapping == mappings.end())
    return false;
  rlimit limit{};
  if (isMain) // its mapping grows as it is used
    return getrlimit(RLIMIT_STACK, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || mapping->end - mapping->begin + kSmall <= limit.rlim_cur);
  return block - mapping->begin >= kSmall && isUntouched(mapping->begin, kRoom);
}

/// Why the signal might do harm, or null. A thread in a handler on an alternate stack, which may have the
/// smallest size that the system allows, is told by the signals that it blocks.
const char* ThreadScan::whyNotSignalled(pid_t thread, const ThreadStatus& status) const {
  if (status.blockedSignals >> (signal_ - 1) & 1)
    return "it runs with the signal blocked";
  if ((status.blockedSignals & handledOnAlternateStacks_) != 0)
    return "it may be in a handler on an alternate stack, and it runs";
  return hasRoom(thread) ? nullptr : "its stack may have no room for a signal, and it runs";
}

/// Of a thread that runs, or waits where a signal disturbs nothing (in a page fault): sends it the signal.
void ThreadScan::lookByItself(Thread& thread, const ThreadStatus& status) {
  if (thread.ordered) {
    thread.why = "it does not get the processor in time";
  } else if (const char* why = whyNotSignalled(thread.id, status)) {
    thread.why = why;
  } else if (!thread.foundRunning || thread.voluntarySwitches != status.voluntarySwitches) {
    thread.foundRunning = true;
    thread.voluntarySwitches = status.voluntarySwitches;
    thread.why = "it runs for too short times to be caught";
  } else {
    const ScanSignal::Order order{&search_, &views_.back().view, onMainStack(thread.id)};
    switch (ScanSignal::send(signal_, thread.id, order, thread.slot)) {
    case ScanSignal::Sent::Yes:
      thread.ordered = true;
      ++outcome_.signalled;
      break;
    case ScanSignal::Sent::Gone:
      thread.done = true;
      break;
    case ScanSignal::Sent::Later:
      thread.why = "too many signals are under way";
      break;
    }
  }
}

void ThreadScan::take(Thread& thread, const ScanSignal::Report& report) {
  outcome_.longestPauseNs = std::max(outcome_.longestPauseNs, report.pauseNs);
  note(thread, report.result);
}

void ThreadScan::note(Thread& thread, const WalkResult& result) {
  switch (result.end) {
  case WalkEnd::Complete:
    thread.done = true;
    break;
  case WalkEnd::Unsure:
    thread.why = result.why;
    viewIsStale_ = true;
    break;
  case WalkEnd::Foreign:
    // For good: if it is back on its own stack the next time, the other is suspended and may be full of
    // words.
    outcome_.foreignStack = true;
    outcome_.why = describe(thread.id, result.why);
    break;
  }
}

/// No order may outlive the scan: what it refers to does not. Also those of threads that were looked at from
/// outside since they got theirs.
void ThreadScan::withdrawOrders() {
  for (Thread& thread : threads_) {
    if (!thread.ordered || ScanSignal::withdraw(thread.slot))
      continue;
    ScanSignal::Report report;
    while (!ScanSignal::collect(thread.slot, report))
      ScanSignal::waitForAny(kLongestPauseNs);
    take(thread, report);
  }
}

void ThreadScan::conclude() {
  outcome_.complete = !outcome_.foreignStack;
  for (const Thread& thread : threads_) {
    if (thread.done)
      continue;
    outcome_.complete = false;
    if (outcome_.why.empty())
      outcome_.why = describe(thread.id, thread.why);
  }
}

bool ThreadScan::onMainStack(pid_t thread) const { return thread == getpid() && mainOnOwnStack_; }

bool ThreadScan::timeIsUp() const { return nowNs() >= deadlineNs_; }

} // namespace tiercel
