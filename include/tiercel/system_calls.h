// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// System calls by which a thread restricts itself (seccomp, no_new_privs, landlock, capabilities, ids,
// namespaces) or makes a process that runs on its memory. Engines must know of them: their threads have to be
// in the program's sandbox and out of the way of calls that are for processes with one thread, and code that
// such a process runs must not be freed. Programs get these functions in place of the C library's.
//
// Native libraries (libcap, libseccomp) call the C library's, unless the executable shows others of the same
// names. The `tiercel` command does; a host that wants it, too, exports functions that call these:
//     extern "C" int prctl(int option, long a, long b, long c, long d) { return tiercel::libc::prctl(option,
//     a, b, c, d); }
//
// All do what libc's functions do, errno included. Thread rule: any thread. Around a call that restricts the
// thread they wait for compiles of the engines' threads, end these and start them again: not in a handler
// that may have interrupted malloc.
#pragma once

/// Beside the C library's functions of these names.
namespace tiercel::libc {

/// syscall(2), and the functions of the C library of the same names, with all arguments that there can be.
long syscall(long number, long a, long b, long c, long d, long e, long f);
int prctl(int option, long a, long b, long c, long d);
int unshare(int flags);
int setns(int descriptor, int type);
int capset(void* header, const void* data);
int close_range(unsigned first, unsigned last, int flags);
int clone(int (*function)(void*), void* stack, int flags, void* argument, void* parentId, void* threadLocals,
          void* childId);

} // namespace tiercel::libc
