// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The commands of the session language for people: one table for `help` and `tiercel session --help`.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tiercel::cli::session {

struct CommandHelp {
  std::string_view name;
  std::string_view usage; ///< a line per form
  std::string_view meaning;
};

std::span<const CommandHelp> commandHelps();
/// Null when there is no such command.
const CommandHelp* findCommandHelp(std::string_view name);

/// What `help` prints; with a topic, about one command, which must exist.
std::string helpText(std::string_view topic);

} // namespace tiercel::cli::session
