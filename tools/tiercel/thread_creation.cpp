// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Libraries that the program uses make threads for it, as libstdc++ does for std::thread. They find this
// function in the executable, before libc's. Thread rule: any thread.

#include "tiercel/thread.h"

// A sanitizer has one of its own in the executable.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

extern "C" __attribute__((visibility("default"))) int
pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  return tiercel::createThread(thread, attributes, run, argument);
}

#endif
