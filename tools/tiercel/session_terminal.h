// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// While a line is edited, the terminal shows nothing of what is typed by itself. When the program ends the
// process meanwhile, from another thread, whoever uses the terminal next must find it as it was.
#pragma once

namespace tiercel::cli::session {

/// Around the editing of a line; one at a time. Makes sure that exit and signals that end the process give
/// the terminal of standard input back first. Calls of _exit and uncatchable signals do not.
class TerminalInUse {
public:
  TerminalInUse();
  ~TerminalInUse();
  TerminalInUse(const TerminalInUse&) = delete;
  TerminalInUse& operator=(const TerminalInUse&) = delete;
};

/// Gives the terminal back if a line is being edited. For any thread and for signal handlers.
void giveTerminalBack();

} // namespace tiercel::cli::session
