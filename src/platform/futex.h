// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sleeping on a word of memory (futex(2)). Async-signal-safe, allocates nothing, preserves errno: fit for
// code that runs inside the program's calls.
#pragma once

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiercel {

/// Sleeps while `word` holds `expected`, until a thread of the process wakes it; may return early, so callers
/// loop.
inline void futexWait(std::atomic<uint32_t>& word, uint32_t expected) {
  const int saved = errno;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
  errno = saved;
}

/// The same where the kernel wakes, as at the end of a thread (CLONE_CHILD_CLEARTID).
inline void futexWaitShared(std::atomic<uint32_t>& word, uint32_t expected) {
  const int saved = errno;
  syscall(SYS_futex, &word, FUTEX_WAIT, expected, nullptr, nullptr, 0);
  errno = saved;
}

/// futexWait for at most `nanoseconds`.
inline void futexWaitFor(std::atomic<uint32_t>& word, uint32_t expected, long nanoseconds) {
  const int saved = errno;
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &timeout, nullptr, 0);
  errno = saved;
}

inline void futexWake(std::atomic<uint32_t>& word, int count) {
  const int saved = errno;
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
  errno = saved;
}

inline void futexWakeAll(std::atomic<uint32_t>& word) { futexWake(word, INT_MAX); }

} // namespace tiercel
