// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_help.h"

#include <fmt/format.h>

namespace tiercel::cli::session {

namespace {

constexpr CommandHelp kCommands[] = {
    {"add", "add MODULE FILE\nadd MODULE [lang=ir|c|c++] <<WORD",
     "Add a module under a name: a file, or the lines that follow up to the line WORD."},
    {"redefine", "redefine MODULE [types=change] FILE\nredefine MODULE [lang=…] [types=change] <<WORD",
     "New definitions for some of a module. With types=change they may have other types."},
    {"remove", "remove MODULE [force]\nremove @f [force]",
     "Remove a module or a function; with force, also one that others use."},
    {"discard", "discard @f...", "Give code back: the next call compiles again. Patterns are possible: @f*"},
    {"promote", "promote @f... [TIER]",
     "Compile functions now, at TIER (3) or better. Patterns are possible."},
    {"call", "call TYPE @f(TYPE VALUE, ...)", "Call a function and print what it returns."},
    {"address", "address @f", "Print the address of a function or variable of the program."},
    {"load", "load TYPE @v", "Print what a variable of the program holds."},
    {"expect", "expect OPERAND ==|!=|<|<=|>|>= OPERAND\nexpect error \"TEXT\" : COMMAND",
     "Fail unless the comparison holds, or unless the command fails with TEXT in its message."},
    {"let", "let NAME = OPERAND", "Remember a value; $NAME stands for it."},
    {"print", "print TEXT", "Print the rest of the line, with values in place of $NAME."},
    {"describe", "describe @f [KEY]",
     "The function map: type, state, tier, version, code, users; or one figure."},
    {"modules", "modules [KEY]", "The modules, and how much is in them; or one figure."},
    {"stats", "stats [KEY]", "What the engine did so far, as for --stats; or one figure."},
    {"collect", "collect [KEY]",
     "Free replaced code that no thread returns into, and report; or one figure."},
    {"wait", "wait", "Until no promotion is waiting or being compiled."},
    {"quiescent", "quiescent", "Tell the engine that this thread is in no code of the program."},
    {"sleep", "sleep MS", "Do nothing for so many milliseconds."},
    {"repeat", "repeat N\n  COMMANDS\nend", "Run commands N times; $round counts from 0."},
    {"threads", "threads N\n  COMMANDS\nend",
     "Run commands in N threads at once; $thread counts from 0. The first error ends them all."},
    {"help", "help [COMMAND]", "All commands, or one."},
    {"quit", "quit", "End the session, as the end of the input does."},
};

} // namespace

std::span<const CommandHelp> commandHelps() { return kCommands; }

const CommandHelp* findCommandHelp(std::string_view name) {
  for (const CommandHelp& command : kCommands)
    if (command.name == name)
      return &command;
  return nullptr;
}

std::string helpText(std::string_view topic) {
  if (const CommandHelp* command = findCommandHelp(topic))
    return fmt::format("{}\n\n{}\n", command->usage, command->meaning);
  std::string text;
  for (const CommandHelp& command : kCommands)
    text +=
        fmt::format("  {}\n      {}\n", fmt::format("{}", command.usage.substr(0, command.usage.find('\n'))),
                    command.meaning);
  return text + "\n"
                "TYPE is i1, i8, i16, i32, i64, float, double, ptr or void. A VALUE is written as in IR;\n"
                "a ptr may be null, 0x…, @f, $NAME or a \"string\". OPERAND is TYPE @f(...), @f, $NAME,\n"
                "load TYPE @v, a figure such as stats functions.freed, TYPE VALUE, or VALUE beside\n"
                "something that has a type. # begins a comment.\n";
}

} // namespace tiercel::cli::session
