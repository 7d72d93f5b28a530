// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a code object leaves for its end: destructors of function-local statics and functions given to atexit.
// Kept here rather than by libc, which could not follow when the object moves. They run when the object is
// destroyed, or when the process exits with it.
// Thread rule: `add` from any thread; the rest as for the object.
#pragma once

#include "tiercel/code_object.h"

#include "base/thread_annotations.h"

#include <vector>

namespace tiercel {

class ExitHandlers {
public:
  ExitHandlers() = default;
  ExitHandlers(const ExitHandlers&) = delete;
  ExitHandlers& operator=(const ExitHandlers&) = delete;

  /// What the object calls __dso_handle and __cxa_atexit.
  void* handle() { return this; }
  static int add(void (*function)(void*), void* argument, void* handle);

  /// Runs them all and forgets what libc knows of the object, its fork handlers included.
  void finish() TIERCEL_EXCLUDES(mutex_);
  /// The object has moved.
  void follow(const CodeMove& move) TIERCEL_EXCLUDES(mutex_);

private:
  struct Handler {
    void (*function)(void*);
    void* argument;
  };
  static void run(void* handlers);

  Mutex mutex_;
  std::vector<Handler> handlers_ TIERCEL_GUARDED_BY(mutex_);
  bool known_ TIERCEL_GUARDED_BY(mutex_) = false; ///< to libc
};

} // namespace tiercel
