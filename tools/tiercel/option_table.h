// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every option of the subcommands that have an engine, once: the parser, the help and the tables of
// docs/command-line.md are made from these rows.
#pragma once

#include "run_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace tiercel::cli {

enum class Takes {
  Nothing,
  Value,         ///< --name=V, --name V; -n V, -nV
  OptionalValue, ///< --name, --name=V
  Rest,          ///< -nREST, where nothing may follow: the value is the argument as a whole
};

enum class For { Both, Run, Session };

struct OptionRow {
  const char* group;
  std::string names; ///< as typed; several with commas between
  Takes takes;
  const char* value; ///< how the help calls it
  std::string help;  ///< plain text
  /// Stores the value and returns what is wrong with it: "must be ...", or nothing. `name` is the option as
  /// typed.
  std::string (*store)(RunRequest& request, std::string_view name, const std::string& value);
  For commands = For::Both;
  const char* more = ""; ///< what the documentation adds, as Markdown

  /// As shown in the help: --tier=N, --stats[=FILE], -l LIB.
  std::string usage() const;
};

/// Those of one subcommand, in the order of the help.
std::vector<OptionRow> optionTable(Subcommand command);

/// The pieces of `text` between separators, without empty ones.
std::vector<std::string> wordsOf(std::string_view text, char separator);

} // namespace tiercel::cli
