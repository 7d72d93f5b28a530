// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From lines of the session language to commands. Nothing is run, so all that can be wrong without running is
// found before the first command runs. Thread rule: one thread at a time.
#pragma once

#include "session_dropped.h"
#include "session_lexer.h"
#include "session_script.h"

#include <deque>
#include <optional>
#include <string>

namespace tiercel::cli::session {

/// Where lines come from, without their ends.
class LineSource {
public:
  virtual ~LineSource() = default;
  /// nullopt at the end. `continued`: the line is part of a command that has begun.
  virtual std::optional<std::string> next(bool continued) = 0;
};

class Parser {
public:
  /// `file` is what errors call the source. Strings in the commands lie in `strings`, which must live as long
  /// as code that got their addresses.
  Parser(std::string file, LineSource& lines, std::deque<std::string>& strings)
      : file_(std::move(file)), lines_(lines), strings_(strings) {}

  /// The next command with all lines that belong to it; nullopt at the end. After an error the parser goes on
  /// behind the blocks and the text that the wrong line belongs to. The `what` of an error begins with
  /// FILE:LINE.
  Result<std::optional<Command>> next();
  /// After an error: lines that the next next() passes over.
  const DroppedLines& dropped() const { return dropped_; }
  /// All commands up to the end.
  Result<Block> all();

private:
  using Parse = Status (Parser::*)(Command& command);
  struct Row;
  static const Row kRows[];

  /// Without its end, whichever system wrote it; nullopt at the end of the source.
  std::optional<std::string> readLine(bool continued);
  void dropRest();
  /// The next line with tokens on it; false at the end of the source.
  Result<bool> readTokens(bool continued);
  /// The command that begins at the current token, up to the end of its last line.
  Status parseCommand(Command& command);
  /// Counts a level, which is an error when there are too many.
  Status deeper(std::string_view what);
  Status parseBlock(Block& block);
  Status parseHereText(std::string& text);

  Status addOrRedefine(Command& command);
  Status remove(Command& command);
  Status discard(Command& command);
  Status promote(Command& command);
  Status show(Command& command);
  Status expect(Command& command);
  Status expectError(Command& command);
  Status let(Command& command);
  Status print(Command& command);
  Status wait(Command& command);
  Status quiescent(Command& command);
  Status sleep(Command& command);
  Status repeat(Command& command);
  Status threads(Command& command);
  Status help(Command& command);
  Status quit(Command& command);
  Status strayEnd(Command& command);

  Status parseSource(const std::string& module, RedefineOptions* options, Source& source);
  Status parseOperand(Operand& operand);
  Status parseTyped(Type type, Operand& operand);
  Status parseArguments(Call& call);
  Status parseArgument(CallArgument& argument);
  Status parseReport(ReportKind kind, Operand& operand);
  Status parseSymbol(std::string& name);
  Status parseType(Type& type);
  Status parseNumber(std::string_view what, uint64_t least, uint64_t most, uint64_t& number);
  Status giveType(Operand& untyped, const Operand& other);

  const Token& token() const { return tokens_[at_]; }
  bool at(Token::Kind kind) const { return token().kind == kind; }
  bool at(Token::Kind kind, std::string_view text) const { return at(kind) && token().text == text; }
  bool atSymbolWithArguments() const;
  bool take(Token::Kind kind, std::string_view text);
  Status takeOperator(std::string_view text);
  /// "EXPECTED is expected, not TOKEN".
  Error expected(std::string_view expected) const;
  Literal stringLiteral(const std::string& text);

  const std::string file_;
  LineSource& lines_;
  std::deque<std::string>& strings_;
  unsigned line_ = 0; ///< of the last line that was read
  std::string text_;  ///< of commands, the last line that was read
  std::vector<Token> tokens_;
  size_t at_ = 0;
  unsigned depth_ = 0; ///< of commands in commands; where another one can begin, of blocks
  bool ended_ = false; ///< the source was at its end when it was last asked
  DroppedLines dropped_;
  /// Where the command or text begins that is being parsed: what errors name.
  unsigned errorLine_ = 0;
};

} // namespace tiercel::cli::session
