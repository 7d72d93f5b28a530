// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes a system call again that a signal has interrupted and that SA_RESTART does not cover: poll, nanosleep
// and the like fail with EINTR whenever a handler has run, and a program that has no handlers does not expect
// that. For handlers of the engine's own, which must leave no trace.
//
// A call is taken for interrupted if the instruction before the interrupted one is `syscall` and the result
// is -EINTR. The kernel does not say which call it was: only code of the form `mov $NUMBER, %eax; syscall`,
// which libc's is, is recognised, and only calls that can simply be made again: they did nothing and their
// arguments are still in their registers. (close, for one, has done its work when it fails with EINTR.)
//
// Why that is right. While the handler runs all signals are blocked, so it is the first after the call:
// nobody else's handler has run that the program must be told of. Signals that came meanwhile are pending. Of
// these, the ones that the call unblocks itself (sigsuspend, pselect) interrupt it again; if others will be
// handled on return from here, the call is left to fail as it would have without us.
// What remains:
//  - A program's handler that interrupted the call has just returned, and our signal, which it had blocked,
//    is delivered before the next instruction. The call is then made again in spite of that handler. Our
//    signal is sent to threads only that had not blocked it a moment ago, so call and handler were
//    microseconds apart; but calls that take a signal mask promise not to miss even those.
//  - A relative time-out in the arguments (poll, epoll_wait) begins anew. The signal is sent to threads that
//    are not waiting, so hardly any of it has passed.
//  - A transfer that was under way (write to a pipe) returns what it did, as ever.
//
// Thread rule: async-signal-safe.
#pragma once

#include <ucontext.h>

namespace tiercel {

/// If `context`, a handler's, is that of an interrupted call, makes it be called again after the handler.
/// All signals must have been blocked since the handler was entered.
void restartInterruptedCall(ucontext_t& context);

/// The number of the system call whose `syscall` instruction ends at `code[0]`; -1 if the code does not say
/// or it is not one that can be made again. Reads up to 16 bytes before `code`.
long restartableCallBefore(const unsigned char* code);

} // namespace tiercel
