// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Engine work on a program's thread happens in the middle of a call the program made, which must not be able
// to tell. For its extent this guard
//  - stops single steps (single_steps.h), and
//  - blocks all signals, so that no handler of the program runs inside the compiler (it might call code that
//    is not compiled yet, or siglongjmp out of our locks);
//  - switches cancellation off, for the same reason;
//  - restores errno;
//  - restores what std::call_once has noted (CallOnceGuard): what it is about to call may be compiled at the
//    moment, by LLVM, which uses it as well, and in a host's process both use one libstdc++;
//  - gives the compiler the default floating-point environment (constant folding must not use the program's
//    rounding mode) and puts the program's back.
// Argument registers are saved by the entry code in lazy_entry.S.
#pragma once

#include "platform/single_steps.h"

#include <cerrno>
#include <cfenv>
#include <csignal>
#include <mutex>
#include <pthread.h>

namespace tiercel {

/// What std::call_once of libstdc++ has put into the thread for the function that it is about to call.
class CallOnceGuard {
public:
  CallOnceGuard() = default;
  CallOnceGuard(const CallOnceGuard&) = delete;
  CallOnceGuard& operator=(const CallOnceGuard&) = delete;
#ifdef __GLIBCXX__
  ~CallOnceGuard() {
    std::__once_callable = callable_;
    std::__once_call = call_;
  }

private:
  void* callable_ = std::__once_callable;
  void (*call_)() = std::__once_call;
#endif
};

class ProgramStateGuard {
public:
  ProgramStateGuard() : errno_(errno) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_);
    sigset_t all; // but for libc's own two, one of which the entries from compiled code have blocked
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &signals_);
    fegetenv(&floating_);
    fesetenv(FE_DFL_ENV);
  }
  ~ProgramStateGuard() {
    fesetenv(&floating_);
    pthread_setcancelstate(cancel_, nullptr);
    pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
    errno = errno_;
  }
  ProgramStateGuard(const ProgramStateGuard&) = delete;
  ProgramStateGuard& operator=(const ProgramStateGuard&) = delete;

private:
  SingleStepPause steps_; ///< first and last
  int errno_;
  int cancel_ = 0;
  sigset_t signals_;
  fenv_t floating_;
  CallOnceGuard callOnce_;
};

} // namespace tiercel
