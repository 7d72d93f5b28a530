// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/memory_sharers.h"

#include "platform/raw_syscall.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <linux/kcmp.h>

namespace tiercel {

namespace {

/// More at a time count as one that stays for ever.
constexpr size_t kMostKnown = 256;
std::array<std::atomic<pid_t>, kMostKnown> known{}; ///< 0: free
std::atomic<uint32_t> announced{0};                 ///< are being made; also those that stay for ever

/// An id that another process has got since is told by its memory.
bool sharesMemory(pid_t process) {
  const long self = rawSyscall(SYS_gettid); // main's thread may have ended, and has no memory then
  const long order = rawSyscall(SYS_kcmp, self, process, KCMP_VM, 0, 0);
  if (order >= 0)
    return order == 0; // one that has ended, and is not waited for yet, has none
  if (order == -ESRCH)
    return false;
  // Not permitted, or unknown to this kernel: as long as it is there.
  return rawSyscall(SYS_kill, process, 0) != -ESRCH;
}

} // namespace

void MemorySharers::announce() { announced.fetch_add(1, std::memory_order_seq_cst); }

void MemorySharers::made(pid_t child) {
  if (child > 0) {
    // Those that are gone make room only when somebody looks, which nobody may do for long.
    for (bool looked = false;; looked = true) {
      for (std::atomic<pid_t>& place : known) {
        pid_t nobody = 0;
        if (place.compare_exchange_strong(nobody, child, std::memory_order_seq_cst)) {
          announced.fetch_sub(1, std::memory_order_seq_cst);
          return;
        }
      }
      if (looked)
        return; // stays announced
      (void)exist();
    }
  }
  announced.fetch_sub(1, std::memory_order_seq_cst);
}

void MemorySharers::notePermanent() { announce(); }

bool MemorySharers::exist() {
  // First: one that is not announced any more is in the list.
  bool any = announced.load(std::memory_order_seq_cst) != 0;
  for (std::atomic<pid_t>& place : known) {
    pid_t process = place.load(std::memory_order_seq_cst);
    if (process == 0)
      continue;
    if (sharesMemory(process))
      any = true;
    else
      place.compare_exchange_strong(process, 0, std::memory_order_seq_cst);
  }
  return any;
}

void MemorySharers::forgetAll() {
  announced.store(0, std::memory_order_relaxed);
  for (std::atomic<pid_t>& place : known)
    place.store(0, std::memory_order_relaxed);
}

} // namespace tiercel
