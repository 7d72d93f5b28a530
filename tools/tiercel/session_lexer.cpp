// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_lexer.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <optional>

namespace tiercel::cli::session {

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t'; }
bool isControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }
/// Of names in IR, and of the glob patterns that some commands take.
bool isSymbolPart(char c) {
  return llvm::isAlnum(c) || std::string_view("-_.$*?[]").find(c) != std::string_view::npos;
}

class Lexer {
public:
  explicit Lexer(std::string_view line) : line_(line) {}

  Result<std::vector<Token>> run() {
    while (true) {
      while (at_ < line_.size() && isBlank(line_[at_]))
        ++at_;
      const size_t begin = at_;
      if (atEnd() || line_[at_] == '#') { // a comment begins where a token could
        tokens_.push_back({.kind = Token::End, .text = {}, .begin = begin});
        return std::move(tokens_);
      }
      Token token{.kind = Token::Word, .text = {}, .begin = begin};
      if (Status lexed = lex(token); !lexed)
        return lexed.takeError();
      tokens_.push_back(std::move(token));
    }
  }

private:
  bool atEnd() const { return at_ == line_.size(); }

  Status lex(Token& token) {
    if (isControl(line_[at_]))
      return Error(ErrorKind::BadInput, quoted(line_.substr(at_)), "this byte belongs to no command");
    if (std::optional<std::string_view> found = operatorHere()) {
      token.kind = Token::Operator;
      token.text = *found;
      at_ += found->size();
      return {};
    }
    const char first = line_[at_];
    if (first == '"') {
      token.kind = Token::Text;
      return text(token.text);
    }
    if (first == '@')
      return symbol(token);
    if (first == '$') {
      token.kind = Token::Variable;
      token.text = variableName(line_.substr(at_ + 1));
      if (token.text.empty())
        return Error(ErrorKind::BadInput, "$", "the name of a variable must follow");
      at_ += 1 + token.text.size();
      return {};
    }
    while (!atEnd() && !isBlank(line_[at_]) && !isControl(line_[at_]) &&
           std::string_view("(),\"").find(line_[at_]) == std::string_view::npos)
      token.text += line_[at_++];
    return {};
  }

  std::optional<std::string_view> operatorHere() const {
    const std::string_view rest = line_.substr(at_);
    if (rest.starts_with("<<")) // a text follows, named by a word
      return std::nullopt;
    for (std::string_view op : {"==", "!=", "<=", ">=", "<", ">", "=", "(", ")", ",", ":"})
      if (rest.starts_with(op))
        return op;
    return std::nullopt;
  }

  Status symbol(Token& token) {
    token.kind = Token::Symbol;
    ++at_;
    if (!atEnd() && line_[at_] == '"')
      return text(token.text);
    while (!atEnd() && isSymbolPart(line_[at_]))
      token.text += line_[at_++];
    if (token.text.empty())
      return Error(ErrorKind::BadInput, "@", "the name of a function must follow");
    return {};
  }

  /// From the opening quote to behind the closing one.
  Status text(std::string& out) {
    const size_t begin = at_++;
    while (!atEnd() && line_[at_] != '"') {
      if (line_[at_] != '\\') {
        out += line_[at_++];
        continue;
      }
      if (Status done = escape(out); !done)
        return done;
    }
    if (atEnd())
      return Error(ErrorKind::BadInput, quoted(line_.substr(begin)), "the closing quote is missing");
    ++at_;
    return {};
  }

  Status escape(std::string& out) {
    constexpr std::string_view kLetters = "nt0\"\\";
    constexpr std::string_view kMeanings("\n\t\0\"\\", 5);
    const std::string_view rest = line_.substr(at_ + 1);
    if (rest.size() >= 3 && rest[0] == 'x' && llvm::isHexDigit(rest[1]) && llvm::isHexDigit(rest[2])) {
      out += llvm::hexFromNibbles(rest[1], rest[2]);
      at_ += 4;
      return {};
    }
    const size_t letter = rest.empty() ? std::string_view::npos : kLetters.find(rest[0]);
    if (letter == std::string_view::npos)
      return Error(ErrorKind::BadInput, quoted(line_.substr(at_, 2)),
                   "is no escape; there are \\n \\t \\0 \\\" \\\\ and \\xHH");
    out += kMeanings[letter];
    at_ += 2;
    return {};
  }

  const std::string_view line_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

} // namespace

Result<std::vector<Token>> tokenise(std::string_view line) { return Lexer(line).run(); }

std::string_view variableName(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && (llvm::isAlnum(text[size]) || text[size] == '_'))
    ++size;
  return text.substr(0, size);
}

std::string quoted(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string out = "'";
  for (char c : text.substr(0, kMost))
    out += isControl(c) ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  return out + (text.size() > kMost ? "…'" : "'");
}

} // namespace tiercel::cli::session
