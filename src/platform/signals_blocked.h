// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks the calling thread's signals while it holds what a handler may not find half changed, or must not
// leave by siglongjmp. Thread rule: the extent of an object lies in one thread. Async-signal-safe.
#pragma once

#include <csignal>

namespace tiercel {

class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
  sigset_t before_;
};

} // namespace tiercel
