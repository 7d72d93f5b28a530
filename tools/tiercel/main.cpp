// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `tiercel` command: finds the subcommand. Each has a file of its own.

#include "command.h"
#include "output.h"
#include "run_options.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <unistd.h>
#include <vector>

namespace tiercel::cli {

namespace {

struct Command {
  std::string_view name;
  int (*run)(Arguments args);
  std::string (*help)();
};

constexpr Command kCommands[] = {
    {"run", runCommand, runHelp},
    {"session", sessionCommand, sessionHelp},
    {"profile", profileCommand, profileHelp},
    {"version", versionCommand, versionHelp},
};

const Command* findCommand(std::string_view name) {
  for (const Command& command : kCommands)
    if (command.name == name)
      return &command;
  return nullptr;
}

std::string help() {
  return fmt::format(
      "Tiercel runs LLVM IR, C and C++ programs at once and makes them faster while they run.\n"
      "\n"
      "Usage:\n"
      "  tiercel run [OPTIONS] FILE [ARGS...]   run a program; of several: FILE FILES... -- [ARGS...]\n"
      "  tiercel session [OPTIONS] [FILE|-]     change a program while it runs, by script or at a prompt\n"
      "  tiercel profile show|merge FILE...     look at profiles, add them up\n"
      "  tiercel version                        versions of Tiercel and LLVM, CPU, tiers\n"
      "  tiercel help [COMMAND]                 this text, or the options of a command\n"
      "\n{}\n{}",
      kExamples, kExitStatuses);
}

int helpCommand(Arguments args) {
  if (args.empty())
    return show(help());
  if (args.front() == "--markdown") // for scripts/update_docs.py
    return show(optionsMarkdown());
  const Command* command = findCommand(args.front());
  if (command == nullptr)
    return wrongCommandLine(args.front(), "is not a command", "tiercel help");
  return show(command->help());
}

int unknownCommand(const std::string& name) {
  if (name.starts_with("-"))
    return wrongCommandLine(name,
                            "unknown option; options follow the command, as in 'tiercel run --sync FILE'",
                            "tiercel --help");
  if (::access(name.c_str(), F_OK) == 0)
    return wrongCommandLine(name, "is a file, not a command", "tiercel run " + name);
  constexpr std::array<std::string_view, 5> kNames = {"run", "session", "profile", "version", "help"};
  std::string_view meant = nearest(name, kNames);
  return wrongCommandLine(
      name, meant.empty() ? "is not a command" : fmt::format("is not a command; did you mean {}?", meant),
      "tiercel --help");
}

int dispatch(Arguments args) {
  if (args.empty()) {
    writeAll(STDERR_FILENO, help());
    return kWrongCommandLine;
  }
  const std::string& name = args.front();
  const Arguments rest = args.subspan(1);
  if (name == "--help" || name == "-h" || name == "help")
    return helpCommand(rest);
  if (name == "--version")
    return versionCommand(rest);
  const Command* command = findCommand(name);
  return command != nullptr ? command->run(rest) : unknownCommand(name);
}

} // namespace

} // namespace tiercel::cli

int main(int argc, char** argv) {
  // Never destroyed, see command.h. An exec without any argument leaves argc at 0.
  const auto& args = *new std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc);
  return tiercel::cli::dispatch(args);
}
