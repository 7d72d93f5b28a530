// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// System calls without libc: no errno, no cancellation, no lazily bound name. For code that runs inside a
// signal handler on whatever stack it interrupted.
#pragma once

#include <sys/syscall.h>

namespace tiercel {

/// What the kernel returns: from -4095 to -1 is an error number, negated.
inline long rawSyscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result = number;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

} // namespace tiercel
