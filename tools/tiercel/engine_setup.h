// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a parsed command line to an engine: what `run` and `session` share.
#pragma once

#include "tiercel/engine.h"

#include "command.h"
#include "run_options.h"

namespace tiercel::cli {

/// An engine, with its listeners; without one, the status to exit with, after the error was printed.
struct Prepared {
  Engine* engine = nullptr;
  int status = 0;
};

/// Creates the engine, with statistics, log and profile as asked for, after loading what --preload names. The
/// engine and the request, which it uses, are never destroyed: other threads may use them when main has
/// ended. `help` is the command that explains the options. The program's death by an undefined function goes
/// to request.engine.onFatal, or to dieOf if that is empty.
Prepared createEngine(RunRequest& request, std::string_view help);

/// Adds what --link and -l name.
Status addLinkInputs(Engine& engine, const RunRequest& request);

/// The program cannot go on. Natively a failed lazy binding ends it in the same way: without atexit handlers
/// and without flushing its streams.
[[noreturn]] void dieOf(const Error& error);
/// The same with a message of its own, an end of line included. Of threads that die at the same time one says
/// so.
[[noreturn]] void dieSaying(std::string_view message, ErrorKind kind);

/// Prints the error; returns the status to exit with.
int cannotRun(const Error& error);

} // namespace tiercel::cli
