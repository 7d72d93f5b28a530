// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "platform/raw_syscall.h"

#include <cstddef>
#include <cstdint>
#include <sys/uio.h>

namespace tiercel {

/// Copies memory of this process that may not be there; false if any of it is not. Async-signal-safe.
inline bool readOwnMemory(uintptr_t from, void* to, size_t size) {
  const iovec local{to, size};
  const iovec remote{reinterpret_cast<void*>(from), size};
  // By the thread's id: the process's is that of the main thread, which has no memory once it has ended.
  return rawSyscall(SYS_process_vm_readv, rawSyscall(SYS_gettid), reinterpret_cast<long>(&local), 1,
                    reinterpret_cast<long>(&remote), 1) == static_cast<long>(size);
}

} // namespace tiercel
