// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much memory the process has. Thread rule: any thread; opens a file for a moment.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace tiercel {

/// Bytes in memory, shared ones included; 0 if the system does not say.
inline uint64_t residentBytes() {
  char text[128] = {};
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return 0;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  const char* second = size > 0 ? strchr(text, ' ') : nullptr; // total, resident, …
  return second ? strtoull(second, nullptr, 10) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

} // namespace tiercel
