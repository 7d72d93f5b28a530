// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "run_options.h"

#include "tiercel/input_names.h"

#include "option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <sys/stat.h>

namespace tiercel::cli {

namespace {

Error wrongOption(const std::string& what, std::string why) {
  return Error(ErrorKind::BadInput, what, std::move(why));
}

Error unknownOption(const std::string& argument, const std::vector<OptionRow>& table) {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (const OptionRow& row : table)
    if (row.names.starts_with("--")) // short ones are near to everything
      names.push_back(row.names);
  std::string_view meant = nearest(std::string_view(argument).substr(0, argument.find('=')), names);
  return wrongOption(argument, meant.empty() ? "unknown option"
                                             : fmt::format("unknown option; did you mean {}?", meant));
}

/// An option of the table and how it was typed.
struct Match {
  const OptionRow* row = nullptr;
  std::string name;
};

/// Whether `argument` is this option, with or without a value in it.
bool isOption(const OptionRow& row, std::string_view name, std::string_view argument) {
  if (!argument.starts_with(name))
    return false;
  if (argument.size() == name.size())
    return true;
  if (row.takes == Takes::Rest)
    return true;
  return name.starts_with("--") ? argument[name.size()] == '=' : row.takes == Takes::Value;
}

/// The longest name counts: -include is no -i.
Match findOption(const std::vector<OptionRow>& table, std::string_view argument) {
  Match best;
  for (const OptionRow& row : table)
    for (std::string& name : wordsOf(row.names, ','))
      if (name.size() > best.name.size() && isOption(row, name, argument))
        best = {&row, std::move(name)};
  return best;
}

/// Reads the option at args[at], and moves on to what follows it.
Status readOption(const std::vector<OptionRow>& table, Arguments args, size_t& at, RunRequest& request) {
  const std::string& argument = args[at++];
  const Match match = findOption(table, argument);
  if (match.row == nullptr)
    return unknownOption(argument, table);
  const bool isLong = match.name.starts_with("--");
  std::string value;
  if (match.row->takes == Takes::Rest) {
    value = argument;
  } else if (argument.size() > match.name.size()) {
    value = argument.substr(match.name.size() + (isLong ? 1 : 0));
    if (value.empty())
      return wrongOption(argument, "a value must follow the '='");
    if (match.row->takes == Takes::Nothing)
      return wrongOption(argument, "takes no value");
  } else if (match.row->takes == Takes::Value) {
    if (at == args.size())
      return wrongOption(argument, "a value must follow");
    value = args[at++];
    if (value.empty())
      return wrongOption(argument, "a value must follow, not an empty word");
  }
  if (std::string wrong = match.row->store(request, match.name, value); !wrong.empty())
    return wrongOption(match.row->takes == Takes::Rest ? argument : match.name + (isLong ? "=" : " ") + value,
                       wrong);
  request.given.insert(match.name);
  return {};
}

/// What cannot be told from one option alone.
Status checkTogether(RunRequest& request) {
  if (request.engine.modes.osrAlways && (request.engine.fixedTier || !request.engine.osr))
    return wrongOption("--mode=osr-always", request.engine.osr ? "loops are never left with a fixed --tier"
                                                               : "loops are never left with --no-osr");
  if (request.engine.wholeProfile && !request.engine.profile)
    return wrongOption("--profile-out", "nothing is counted with --no-profile");
  if (request.engine.modes.retireAlways && request.engine.reclaim != Reclaim::Signals)
    return wrongOption("--mode=retire-always", "no code is looked for with --no-reclaim");

  // Loops follow calls in proportion unless they were given a threshold of their own.
  if (!request.given.contains("--loop-threshold")) {
    const Options defaults;
    uint64_t scaled =
        uint64_t{request.engine.callThreshold} * defaults.loopThreshold / defaults.callThreshold;
    request.engine.loopThreshold =
        static_cast<uint32_t>(std::min<uint64_t>(scaled, std::numeric_limits<uint32_t>::max()));
  }
  return {};
}

bool isFile(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// Whether a program can be made of the file, by its name, and there is one.
bool isInput(const std::string& path) { return isNameOfInput(path) && isFile(path); }

/// Divides FILE [FILES... --] ARGS... into the inputs and the program's arguments.
void divide(std::vector<std::string> rest, RunRequest& request) {
  const auto separator = std::find(rest.begin() + 1, rest.end(), "--");
  if (separator != rest.end() && separator != rest.begin() + 1 &&
      std::all_of(rest.begin() + 1, separator, isInput)) {
    std::vector<LinkInput> inputs;
    for (auto file = rest.begin() + 1; file != separator; ++file)
      inputs.push_back({.isLibrary = false, .name = *file});
    request.linkInputs.insert(request.linkInputs.begin(), inputs.begin(), inputs.end());
    rest.erase(rest.begin() + 1, separator + 1);
  } else {
    if (const auto likely = std::find_if(rest.begin() + 1, rest.end(), isInput); likely != rest.end())
      request.likelyInput = *likely;
    if (separator != rest.end()) {
      const auto absent = std::find_if(rest.begin() + 1, separator, [](const std::string& word) {
        return isNameOfInput(word) && !isFile(word);
      });
      if (absent != separator)
        request.absentInput = *absent;
    }
  }
  request.program = std::move(rest);
}

} // namespace

Status parseRunOptions(Subcommand command, Arguments args, RunRequest& request) {
  const std::vector<OptionRow> table = optionTable(command);
  size_t at = 0;
  bool ended = false; // by a "--", behind which all but FILE is the program's
  while (at < args.size() && args[at].size() > 1 && args[at].starts_with("-")) {
    if (args[at] == "--") {
      ++at;
      ended = true;
      break;
    }
    if (Status read = readOption(table, args, at, request); !read)
      return read;
  }
  if (request.help)
    return {};
  if (Status checked = checkTogether(request); !checked)
    return checked;

  std::vector<std::string> rest(args.begin() + static_cast<ptrdiff_t>(at), args.end());
  if (command == Subcommand::Session) {
    if (rest.size() > 1)
      return wrongOption(rest[1], "'session' takes one file");
    request.program = std::move(rest);
    request.entry.clear();
    return {};
  }
  if (rest.empty())
    return wrongOption("FILE", "missing; there is no program to run");
  if (ended)
    request.program = std::move(rest);
  else
    divide(std::move(rest), request);
  return {};
}

} // namespace tiercel::cli
