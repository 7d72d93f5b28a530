// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/sandbox.h"

#include "platform/raw_syscall.h"
#include "platform/seccomp_filter.h"

#include <algorithm>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
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

/// Without these nothing works.
constexpr Question kMustSucceed[] = {
    {SYS_futex, {0, 128 | 0}}, {SYS_futex, {0, 128 | 1}}, {SYS_rt_sigprocmask}, {SYS_exit},
    {SYS_munmap},              {SYS_madvise},             {SYS_sched_yield},
};
/// These may fail, which each caller expects, but not end the thread.
constexpr Question kMustReturn[] = {
    {SYS_clone3},
    {SYS_clone, {kThreadFlags}},
    {SYS_mmap, {0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK}},
    {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}},
    {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED}},
    {SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE}},
    {SYS_mremap},
    {SYS_brk},
    {SYS_getpid},
    {SYS_gettid},
    {SYS_tgkill},
    {SYS_waitid},
    {SYS_rt_tgsigqueueinfo},
    {SYS_rt_sigaction},
    {SYS_set_robust_list},
    {SYS_get_robust_list},
    {SYS_rseq},
    {SYS_prctl, {PR_SET_NAME}},
    {SYS_setpriority},
    {SYS_membarrier},
    {SYS_process_vm_readv},
    {SYS_kcmp},
    {SYS_close_range},
    {SYS_openat},
    {SYS_read},
    {SYS_pread64},
    {SYS_close},
    {SYS_fcntl},
    {SYS_newfstatat},
    {SYS_getdents64},
    {SYS_perf_event_open},
    {SYS_getrandom},
    {SYS_clock_gettime},
    {SYS_clock_nanosleep},
    {SYS_prlimit64},
    {SYS_getrusage},
    {SYS_sched_getaffinity},
};

uint32_t answer(const SeccompFilter& filter, const Question& question) {
  const auto& a = question.arguments;
  return filter.answer(question.number, {a[0], a[1], a[2], a[3]}) & SECCOMP_RET_ACTION_FULL;
}

bool letsEngineWork(const SeccompFilter& filter) {
  const auto succeeds = [](uint32_t action) {
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
  };
  return std::all_of(std::begin(kMustSucceed), std::end(kMustSucceed),
                     [&](const Question& q) { return succeeds(answer(filter, q)); }) &&
         std::all_of(std::begin(kMustReturn), std::end(kMustReturn), [&](const Question& q) {
           const uint32_t action = answer(filter, q);
           return succeeds(action) || action == SECCOMP_RET_ERRNO;
         });
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

bool mayGoOn(long number, const Arguments& a) {
  long program = 0;
  if (number == SYS_prctl && a[0] == PR_SET_SECCOMP) {
    if (a[1] != SECCOMP_MODE_FILTER)
      return a[1] != SECCOMP_MODE_STRICT;
    program = a[2];
  } else if (number == SYS_seccomp) {
    if (a[0] == SECCOMP_SET_MODE_STRICT)
      return false;
    program = a[2];
  } else {
    return true;
  }
  const auto filter = SeccompFilter::read(reinterpret_cast<const sock_fprog*>(program));
  return !filter || letsEngineWork(*filter);
}

} // namespace tiercel
