// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of the subcommands that have an engine. The options are in
// option_table.h.
#pragma once

#include "tiercel/error.h"
#include "tiercel/options.h"

#include "command.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tiercel::cli {

enum class LogLevel {
  Error, ///< only what stops the program
  Info,  ///< promotions, pinned functions and failed compiles
  Debug, ///< every event
};

/// More of the program, in the order of the command line, as for a linker.
struct LinkInput {
  bool isLibrary; ///< `name` is a library's, as in -lNAME; otherwise a path
  std::string name;
};

enum class Subcommand { Run, Session };

/// A parsed command line.
struct RunRequest {
  /// The process is the program's: the engine may look at its threads.
  static Options defaults() {
    Options options;
    options.reclaim = Reclaim::Signals;
    return options;
  }
  Options engine = defaults();
  std::vector<std::string> program; ///< FILE ARGS...: the program's argv; of a session the script, if any
  std::string likelyInput;          ///< an argument of the program that names a file as a program is made of
  std::string absentInput;          ///< a word before a "--" that names an input by its ending, but no file
  std::vector<LinkInput> linkInputs;
  std::vector<std::string> libraryDirectories;
  std::vector<std::string> preloads;
  std::string entry = "main"; ///< of a session, which has none: empty
  LogLevel log = LogLevel::Error;
  bool stats = false;
  std::string profileFile; ///< where to write the profile; empty: nowhere
  std::string statsFile;   ///< empty: a summary on stderr
  bool history = true;     ///< keep what was typed at the prompt
  bool help = false;
  std::set<std::string> given; ///< names of the options that were
};

/// Fills `request`. The error names the option and its value as `what`.
Status parseRunOptions(Subcommand command, Arguments args, RunRequest& request);

/// The options of a subcommand, by groups.
std::string optionsHelp(Subcommand command);
/// Those of `run` as tables for docs/command-line.md.
std::string optionsMarkdown();

/// For the help of the command as a whole too.
extern const char* const kExamples;
extern const char* const kExitStatuses;

} // namespace tiercel::cli
