// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/sandbox.h"

#include "platform/raw_syscall.h"
#include "platform/seccomp_filter.h"

#include <algorithm>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <optional>
#include <span>
#include <sys/mman.h>

namespace tiercel {

namespace {

bool restrictsByOption(const Arguments& a) {
  switch (a[0]) {
  case PR_SET_NO_NEW_PRIVS: // set before in most programs that ask for it again
    return rawSyscall(SYS_prctl, PR_GET_NO_NEW_PRIVS) == 0;
  case PR_SET_SECCOMP:
  case PR_CAPBSET_DROP:
  case PR_SET_SECUREBITS:
  case PR_CAP_AMBIENT:
  case PR_SET_SPECULATION_CTRL:
  case PR_SCHED_CORE:
    return true;
  default:
    return false;
  }
}

constexpr long kUnchanged = -1; ///< an id that is left as it is

struct Question {
  long number;
  std::array<uint64_t, 4> arguments{};
};

/// What a thread of libc's is made with.
constexpr uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND |
                                  CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

/// Calls that the work needs and that have to succeed, and those that may fail, which each caller expects,
/// but not end the thread. Of first calls and counters that run out:
constexpr Question kSucceedToCompile[] = {
    {SYS_futex, {0, FUTEX_WAIT_PRIVATE}},
    {SYS_futex, {0, FUTEX_WAKE_PRIVATE}},
    {SYS_rt_sigprocmask},
    {SYS_munmap},
    {SYS_madvise},
};
constexpr Question kReturnToCompile[] = {
    {SYS_mmap, {0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE}},
    {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}},
    {SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE}},
    {SYS_mremap},
    {SYS_brk},
    {SYS_getpid},
    {SYS_gettid},
    {SYS_membarrier},
    {SYS_clock_gettime},
    {SYS_getrandom},
    {SYS_sched_yield},
};
/// Of the engine's threads, beside these:
constexpr Question kSucceedOnThreads[] = {{SYS_exit}};
constexpr Question kReturnOnThreads[] = {
    {SYS_clone3},
    {SYS_clone, {kThreadFlags}},
    {SYS_tgkill},
    {SYS_waitid},
    {SYS_rt_tgsigqueueinfo},
    {SYS_rt_sigaction},
    {SYS_set_robust_list},
    {SYS_get_robust_list},
    {SYS_rseq},
    {SYS_prctl, {PR_SET_NAME}},
    {SYS_setpriority},
    {SYS_process_vm_readv},
    {SYS_kcmp},
    {SYS_kill},
    {SYS_close_range, {0, ~0U, CLOSE_RANGE_UNSHARE}},
    {SYS_openat},
    {SYS_read},
    {SYS_pread64},
    {SYS_close},
    {SYS_fcntl},
    {SYS_newfstatat},
    {SYS_getdents64},
    {SYS_perf_event_open},
    {SYS_clock_nanosleep},
    {SYS_prlimit64},
    {SYS_getrusage},
    {SYS_sched_getaffinity},
};

uint32_t answer(const SeccompFilter& filter, const Question& question) {
  const auto& a = question.arguments;
  return filter.answer(question.number, {a[0], a[1], a[2], a[3]}) & SECCOMP_RET_ACTION_FULL;
}

bool lets(const SeccompFilter& filter, std::span<const Question> succeed, std::span<const Question> back) {
  const auto succeeds = [&](const Question& question) {
    const uint32_t action = answer(filter, question);
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
  };
  return std::ranges::all_of(succeed, succeeds) && std::ranges::all_of(back, [&](const Question& question) {
           return succeeds(question) || answer(filter, question) == SECCOMP_RET_ERRNO;
         });
}

/// The filter that a call installs, in the caller's memory, if it is for one.
std::optional<const sock_fprog*> filterOf(long number, const Arguments& a) {
  const bool installs = number == SYS_prctl ? a[0] == PR_SET_SECCOMP && a[1] == SECCOMP_MODE_FILTER
                                            : number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER;
  return installs ? std::optional(reinterpret_cast<const sock_fprog*>(a[2])) : std::nullopt;
}

/// Nothing but read, write, exit and the return from a handler.
bool isStrictMode(long number, const Arguments& a) {
  return number == SYS_prctl ? a[0] == PR_SET_SECCOMP && a[1] == SECCOMP_MODE_STRICT
                             : number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_STRICT;
}

} // namespace

bool restrictsThread(long number, const Arguments& a) {
  switch (number) {
  case SYS_prctl:
    return restrictsByOption(a);
  case SYS_seccomp:
    return a[0] == SECCOMP_SET_MODE_STRICT || a[0] == SECCOMP_SET_MODE_FILTER;
  case SYS_close_range:
    return (a[2] & CLOSE_RANGE_UNSHARE) != 0;
  case SYS_keyctl:
    return a[0] == KEYCTL_JOIN_SESSION_KEYRING;
  case SYS_setreuid: // for good
  case SYS_setregid:
    return static_cast<int>(a[0]) != kUnchanged;
  case SYS_setresuid:
  case SYS_setresgid:
    return static_cast<int>(a[2]) != kUnchanged;
  case SYS_landlock_restrict_self:
  case SYS_capset:
  case SYS_unshare:
  case SYS_setns:
  case SYS_setuid:
  case SYS_setgid:
    return true;
  default:
    return false;
  }
}

LeftToDo leftAfter(long number, const Arguments& a) {
  if (isStrictMode(number, a))
    return LeftToDo::Nothing;
  const std::optional<const sock_fprog*> program = filterOf(number, a);
  const std::optional<SeccompFilter> filter = program ? SeccompFilter::read(*program) : std::nullopt;
  if (!filter)
    return LeftToDo::All;
  if (!lets(*filter, kSucceedToCompile, kReturnToCompile))
    return LeftToDo::Nothing;
  return lets(*filter, kSucceedOnThreads, kReturnOnThreads) ? LeftToDo::All : LeftToDo::OnProgramThreads;
}

} // namespace tiercel
