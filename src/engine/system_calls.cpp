// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/system_calls.h"

#include "engine/engine_threads.h"
#include "engine/sandbox.h"
#include "platform/libc_clone.h"
#include "platform/memory_sharers.h"
#include "platform/own_memory.h"
#include "platform/program_state_guard.h"
#include "platform/raw_syscall.h"

#include <cerrno>
#include <linux/sched.h>
#include <optional>

extern "C" {
long tiercel_plain_syscall(long number, long a, long b, long c, long d, long e, long f);
__attribute__((visibility("hidden"))) long tiercel_set_errno(long negated) {
  errno = static_cast<int>(-negated);
  return -1;
}
}

namespace tiercel::libc {

namespace {

/// Whether a child made so runs on this memory for longer than its parent waits for it.
bool staysOnThisMemory(uint64_t flags) {
  return (flags & CLONE_VM) != 0 && (flags & (CLONE_THREAD | CLONE_VFORK)) == 0;
}

bool makesSharer(long number, long first) {
  uint64_t flags = 0; // of clone3 they come first in its structure
  if (number == SYS_clone)
    flags = static_cast<uint64_t>(first);
  else if (number != SYS_clone3 || !readOwnMemory(static_cast<uintptr_t>(first), &flags, sizeof flags))
    return false;
  return staysOnThisMemory(flags);
}

long restrictThread(long number, const Arguments& a) {
  const auto call = [&] { return rawSyscall(number, a[0], a[1], a[2], a[3], a[4], a[5]); };
  if (!EngineThreads::areOfThisProcess()) // a child that shares its memory, and has no such threads
    return call();
  const LeftToDo left = leftAfter(number, a);
  std::optional<ProgramStateGuard> guard(std::in_place);
  long result = 0;
  {
    EngineThreads threads;
    threads.end();
    if (left == LeftToDo::Nothing)
      threads.compileAhead();
    if (left == LeftToDo::All)
      result = call();
    else
      EngineThreads::forbid();
    threads.startAgain();
  }
  if (left != LeftToDo::All) { // nothing that the filter may forbid comes after it
    guard.reset();
    result = call();
    if (result < 0) {
      guard.emplace();
      EngineThreads::permit();
      EngineThreads threads;
      if (left == LeftToDo::Nothing)
        threads.askAgain();
      threads.startAgain();
    }
  }
  return result;
}

} // namespace

long syscall(long number, long a, long b, long c, long d, long e, long f) {
  const Arguments arguments{a, b, c, d, e, f};
  if (restrictsThread(number, arguments)) {
    const long result = restrictThread(number, arguments);
    return result < 0 ? tiercel_set_errno(result) : result;
  }
  if (makesSharer(number, a))
    MemorySharers::notePermanent(); // who returns from the call is in two processes
  [[clang::musttail]] return tiercel_plain_syscall(number, a, b, c, d, e, f);
}

int prctl(int option, long a, long b, long c, long d) {
  return static_cast<int>(syscall(SYS_prctl, option, a, b, c, d, 0));
}

int unshare(int flags) { return static_cast<int>(syscall(SYS_unshare, flags, 0, 0, 0, 0, 0)); }

int setns(int descriptor, int type) {
  return static_cast<int>(syscall(SYS_setns, descriptor, type, 0, 0, 0, 0));
}

int capset(void* header, const void* data) {
  return static_cast<int>(
      syscall(SYS_capset, reinterpret_cast<long>(header), reinterpret_cast<long>(data), 0, 0, 0, 0));
}

int close_range(unsigned first, unsigned last, int flags) {
  return static_cast<int>(syscall(SYS_close_range, first, last, flags, 0, 0, 0));
}

int clone(int (*function)(void*), void* stack, int flags, void* argument, void* parentId, void* threadLocals,
          void* childId) {
  const bool shares = staysOnThisMemory(static_cast<uint64_t>(static_cast<unsigned>(flags)));
  if (shares)
    MemorySharers::announce();
  const int child = libcClone()(function, stack, flags, argument, parentId, threadLocals, childId);
  if (shares)
    MemorySharers::made(child);
  return child;
}

} // namespace tiercel::libc
