// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/scan_signal.h"

#include "base/clock.h"
#include "platform/futex.h"
#include "platform/interrupted_call.h"
#include "platform/raw_syscall.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>

namespace tiercel {

namespace {

/// What a signal of ours has in si_code. Negative codes are for processes to choose; libc and POSIX use a few
/// small ones.
constexpr int kOurCode = -0x5443;

/// An order's way: Ordered, then Walking and Finished by the handler or Free by withdrawal.
enum Stage : uint64_t { Free, Ordered, Walking, Finished };
constexpr uint64_t kStages = 4;

struct Slot {
  std::atomic<uint64_t> state{0}; ///< ticket * kStages + stage; guards the rest
  ScanSignal::Order order{};
  ScanSignal::Report report{};
  std::array<uintptr_t, 2048> buffer{};
};

/// Static, and reached by index only: a late signal finds a slot, whatever it is used for by then.
constinit std::array<Slot, ScanSignal::kMostOrders> slots;
uint64_t lastTicket = 0;           ///< the scanning thread's
std::atomic<uint32_t> finished{0}; ///< futex: counts finished walks
struct sigaction previous;         ///< the scanning thread's: before install

/// Walks the interrupted thread's stack, as the slot orders.
void walkInterrupted(Slot& slot, const ucontext_t& context) {
  const uint64_t begin = nowNs();
  const Slot& given = slot;
  for (const greg_t word : context.uc_mcontext.gregs)
    given.order.search->look(static_cast<uintptr_t>(word));
  const auto sp = static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  const auto alternate = reinterpret_cast<uintptr_t>(context.uc_stack.ss_sp);
  WalkStart start{sp, pthread_self(), given.order.onMainStack, {}};
  if ((context.uc_stack.ss_flags & SS_DISABLE) == 0)
    start.alternate = {alternate, alternate + context.uc_stack.ss_size, false};
  slot.report.result = walkStack(*given.order.search, *given.order.view, start, slot.buffer);
  slot.report.pauseNs = nowNs() - begin;
}

void onSignal(int /*signal*/, siginfo_t* info, void* raw) {
  if (info->si_code != kOurCode || info->si_pid != rawSyscall(SYS_getpid))
    return;
  const int savedErrno = errno; // the visitor's
  auto& context = *static_cast<ucontext_t*>(raw);
  const auto value = reinterpret_cast<uintptr_t>(info->si_value.sival_ptr);
  Slot& slot = slots[value % slots.size()];
  const uint64_t ticket = value / slots.size() * kStages;
  uint64_t ordered = ticket + Ordered;
  if (slot.state.compare_exchange_strong(ordered, ticket + Walking, std::memory_order_acq_rel)) {
    walkInterrupted(slot, context);
    slot.state.store(ticket + Finished, std::memory_order_release);
    finished.fetch_add(1, std::memory_order_release);
    rawSyscall(SYS_futex, reinterpret_cast<long>(&finished), FUTEX_WAKE_PRIVATE, INT_MAX);
  }
  restartInterruptedCall(context);
  errno = savedErrno;
}

bool isDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

} // namespace

Status ScanSignal::check(int signal) {
  const auto wrong = [signal](const char* why) {
    return Error(ErrorKind::BadInput, "signal " + std::to_string(signal) + " for stack scans", why);
  };
  // The handler ignores what others send, so nothing by which the system or a user reaches the process, and
  // not libc's own two below SIGRTMIN.
  if (signal != SIGUSR1 && signal != SIGUSR2 && (signal < SIGRTMIN || signal > SIGRTMAX))
    return wrong("must be SIGUSR1, SIGUSR2 or a real-time signal, from SIGRTMIN to SIGRTMAX");
  struct sigaction current{};
  if (sigaction(signal, nullptr, &current) != 0)
    return wrong(strerror(errno));
  if (!isDefault(current))
    return wrong("the process handles or ignores it already");
  return {};
}

Result<int> ScanSignal::install(int signal) {
  const auto error = [&](const char* why) {
    return Error(ErrorKind::Environment, "signal for stack scans", why);
  };
  struct sigaction current{};
  if (signal == 0)
    for (signal = SIGRTMAX; sigaction(signal, nullptr, &current) != 0 || !isDefault(current); --signal)
      if (signal == SIGRTMIN)
        return error("the program handles all real-time signals");
  if (Status usable = check(signal); !usable)
    return usable.takeError();
  struct sigaction ours{};
  ours.sa_sigaction = onSignal;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  // Not sigfillset, which leaves out libc's own two: cancellation must not unwind out of the handler.
  memset(&ours.sa_mask, 0xff, sizeof ours.sa_mask);
  if (sigaction(signal, &ours, &previous) != 0)
    return error(strerror(errno));
  return signal;
}

void ScanSignal::remove(int signal) {
  if (!isInstalled(signal))
    return;
  // A signal may still be pending whose order was withdrawn. Ignoring the number discards it; with the
  // default disposition it would end the process.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(signal, &ignore, nullptr);
  sigaction(signal, &previous, nullptr);
}

bool ScanSignal::isInstalled(int signal) {
  struct sigaction current{};
  return sigaction(signal, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) != 0 &&
         current.sa_sigaction == onSignal;
}

ScanSignal::Sent ScanSignal::send(int signal, pid_t thread, const Order& order, unsigned& number) {
  number = 0;
  while (number < slots.size() && slots[number].state.load(std::memory_order_acquire) % kStages != Free)
    ++number;
  if (number == slots.size())
    return Sent::Later;
  Slot& slot = slots[number];
  slot.order = order;
  const uint64_t ticket = ++lastTicket;
  slot.state.store(ticket * kStages + Ordered, std::memory_order_release);

  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = kOurCode;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(ticket * slots.size() + number);
  const long result =
      rawSyscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, reinterpret_cast<long>(&info));
  if (result == 0)
    return Sent::Yes;
  slot.state.store(Free, std::memory_order_release);
  return result == -ESRCH ? Sent::Gone : Sent::Later; // EAGAIN: too many signals are queued
}

bool ScanSignal::collect(unsigned number, Report& report) {
  Slot& slot = slots[number];
  if (slot.state.load(std::memory_order_acquire) % kStages != Finished)
    return false;
  report = slot.report;
  slot.state.store(Free, std::memory_order_release);
  return true;
}

bool ScanSignal::withdraw(unsigned number) {
  Slot& slot = slots[number];
  uint64_t state = slot.state.load(std::memory_order_acquire);
  return state % kStages == Ordered &&
         slot.state.compare_exchange_strong(state, Free, std::memory_order_acq_rel);
}

void ScanSignal::waitForAny(long nanoseconds) {
  futexWaitFor(finished, finished.load(std::memory_order_acquire), nanoseconds);
}

} // namespace tiercel
