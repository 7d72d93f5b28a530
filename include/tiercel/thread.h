// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <pthread.h>

namespace tiercel {

/// Makes a thread like pthread_create, with its arguments and errors, that has the thread-locals of all
/// programs of the process from the beginning. A host that runs programs on threads of its own makes them
/// with this where signal handlers of a program use its thread-locals: others get them from libc's heap at
/// the first use, which never ends in a handler that interrupted malloc. Programs make their threads this way
/// without being told. Any thread.
int createThread(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument);

} // namespace tiercel
