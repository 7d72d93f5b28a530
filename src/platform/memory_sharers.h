// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Other processes that run on this process's memory: children of clone(CLONE_VM) without CLONE_THREAD. They
// may be in any code, and no list of this process's threads has them. (One of vfork is told by its parent,
// which waits.) They are known from before they are made, by whoever makes them for the program, until they
// end or execute a program.
//
// Thread rule: any thread, also of such a child, also in a signal handler. Fork: forgetAll in the child,
// which has a copy of the memory for itself.
#pragma once

#include <sys/types.h>

namespace tiercel {

class MemorySharers {
public:
  /// Before such a child is made, by its parent; `made` afterwards, with what the call has returned.
  static void announce();
  static void made(pid_t child);
  /// One is made whose id nobody will tell: there is one from now on.
  static void notePermanent();
  /// Whether there is any. Once it has been false, all that come begin at a function's stub.
  static bool exist();
  static void forgetAll();
};

} // namespace tiercel
