// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that the executable shows to native libraries in place of the C library's, so that a sandbox that
// one of these enters for the program is known to the engine (tiercel/system_calls.h). The declarations are
// not those of the C library's headers, which take variable arguments: every argument that there can be is
// passed on, as the C library's functions do.
#include "tiercel/system_calls.h"

extern "C" {

long syscall(long number, long a, long b, long c, long d, long e, long f) {
  [[clang::musttail]] return tiercel::libc::syscall(number, a, b, c, d, e, f);
}
int prctl(int option, long a, long b, long c, long d) { return tiercel::libc::prctl(option, a, b, c, d); }
int unshare(int flags) { return tiercel::libc::unshare(flags); }
int setns(int descriptor, int type) { return tiercel::libc::setns(descriptor, type); }
int capset(void* header, const void* data) { return tiercel::libc::capset(header, data); }
int close_range(unsigned first, unsigned last, int flags) {
  return tiercel::libc::close_range(first, last, flags);
}
int clone(int (*function)(void*), void* stack, int flags, void* argument, void* parentId, void* threadLocals,
          void* childId) {
  return tiercel::libc::clone(function, stack, flags, argument, parentId, threadLocals, childId);
}
}
