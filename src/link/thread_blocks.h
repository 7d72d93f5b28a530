// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thread-locals of the program that are not in the static block. libc gives a thread its block of them when
// it first uses one, with memory from its heap. Natively they are an executable's, exist from the beginning,
// and a handler that interrupted malloc may use them. So threads that the program makes use each block once
// before they begin.
//
// Thread rule: any thread. `add` and `remove` without locks: the loader's is taken. New threads take libc's
// heap under this one's lock.
#pragma once

#include "base/thread_annotations.h"

#include <cstddef>
#include <threads.h>

namespace tiercel {

class ThreadBlocks {
public:
  /// The module of a library that is loaded, as __tls_get_addr knows it. The calling thread gets its block.
  static void add(size_t tlsModule);
  /// Before the library is closed.
  static void remove(size_t tlsModule);

  /// What the program gets for thrd_create; createThread (tiercel/thread.h) is what it gets for
  /// pthread_create.
  static int createThreadC11(thrd_t* thread, thrd_start_t run, void* argument);

  /// Asks the loader for libc's functions, before the program makes threads.
  static void prepare();

  static Mutex& forkMutex();
};

} // namespace tiercel
