// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the subcommands share: how they are called, how they report errors and with which status they exit.
//
// The command's frames lie below the program's on the main thread's stack. Two kinds of unwinding reach them:
// the search for a handler of an exception that the program does not catch, and pthread_exit in the program's
// main. Both must find nothing there, as below a native main. So while Engine::runMain runs, main and the
// functions between the two catch nothing, are not noexcept, and hold no object with a destructor: after
// pthread_exit the program's other threads go on and still use all of it.
#pragma once

#include "tiercel/error.h"

#include <span>
#include <string>
#include <string_view>

namespace tiercel::cli {

/// Exit statuses of the command itself; every other status is the program's.
enum ExitStatus : int {
  kSessionFailed = 1, ///< a script of `tiercel session` stopped at an error
  kWrongCommandLine = 2,
  kCannotRun = 125,       ///< the program cannot be loaded, a symbol is missing, the system refuses
  kInternalFailure = 126, ///< a defect of Tiercel or of LLVM
};

ExitStatus exitStatusFor(ErrorKind kind);

/// One function per subcommand; `args` is what follows its name. Each returns the exit status.
using Arguments = std::span<const std::string>;
int runCommand(Arguments args);
int sessionCommand(Arguments args);
int profileCommand(Arguments args);
int versionCommand(Arguments args);

std::string runHelp();
std::string sessionHelp();
std::string profileHelp();
std::string versionHelp();

/// Prints what was asked for to stdout; returns the exit status.
int show(std::string_view text);
/// Prints `tiercel: error: WHAT: WHY` to stderr.
void printError(const Error& error);
/// The same and `Try 'TRY'.` on a second line; returns the exit status.
int wrongCommandLine(const std::string& what, const std::string& why, std::string_view tryThis);

/// The word of `known` that was probably meant by `word`; empty when none is close.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

} // namespace tiercel::cli
