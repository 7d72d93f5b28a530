// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Commands of the session language, parsed: plain data that the parser makes and the executor reads.
// Constant once made, so any number of threads may run it. docs/session.md describes the language.
#pragma once

#include "tiercel/module.h"

#include "session_value.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tiercel::cli::session {

// --- what has a value ---

struct Literal {
  Value value;
};
/// A literal whose type follows from what it is compared with.
struct UntypedLiteral {
  std::string text;
};
struct Variable {
  std::string name;
};
/// The address of a function, or of a variable of the program.
struct Address {
  std::string symbol;
};
/// What a variable of the program holds.
struct Load {
  Type type;
  std::string symbol;
};
struct CallArgument {
  Type type;
  std::variant<Literal, Variable, Address> value;
  bool extendSign = false; ///< it was written with a minus
};
struct Call {
  Type result;
  std::string function;
  std::vector<CallArgument> arguments;
};
enum class ReportKind : uint8_t { Stats, Describe, Modules, Collect };
struct ReportQuery {
  ReportKind kind;
  std::string subject; ///< of Describe: the function
  std::string key;     ///< empty: all of the report, which has no value
};

using Operand = std::variant<Literal, UntypedLiteral, Variable, Address, Load, Call, ReportQuery>;

/// The type that an operand has whatever happens at run time.
std::optional<Type> staticType(const Operand& operand);
bool isWholeReport(const Operand& operand);

// --- commands ---

struct Command;
using Block = std::vector<Command>;

struct Add {
  std::string module;
  Source source;
};
struct Redefine {
  std::string module;
  Source source;
  RedefineOptions options;
};
struct RemoveModule {
  std::string module;
  RemoveOptions options;
};
struct RemoveFunction {
  std::string function;
  RemoveOptions options;
};
struct Discard {
  std::vector<std::string> functions;
};
struct Promote {
  std::vector<std::string> functions;
  unsigned tier;
};
/// Prints a value, or all of a report.
struct Show {
  Operand operand;
};
struct Expect {
  Operand left;
  Comparison comparison;
  Operand right;
};
struct ExpectError {
  std::string pattern; ///< part of the message
  std::unique_ptr<const Command> command;
};
struct Let {
  std::string variable;
  Operand operand;
};
/// Text and variables in turn.
struct Print {
  std::vector<std::variant<std::string, Variable>> pieces;
};
struct Wait {};
struct Quiescent {};
struct Sleep {
  uint64_t milliseconds;
};
struct Repeat {
  uint64_t count;
  Block block;
};
struct Threads {
  unsigned count;
  Block block;
};
struct Help {
  std::string topic; ///< empty: all commands
};
struct Quit {};

struct Command {
  unsigned line = 0;
  std::variant<Add, Redefine, RemoveModule, RemoveFunction, Discard, Promote, Show, Expect, ExpectError, Let,
               Print, Wait, Quiescent, Sleep, Repeat, Threads, Help, Quit>
      action;
};

} // namespace tiercel::cli::session
