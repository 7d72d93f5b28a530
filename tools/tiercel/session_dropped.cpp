// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_dropped.h"

#include "session_lexer.h"

#include <fmt/format.h>

namespace tiercel::cli::session {

void DroppedLines::begin(std::string_view line, unsigned blocks) {
  blocks_ = blocks;
  textEnd_.clear();
  take(line);
}

void DroppedLines::drop(std::string_view line) {
  if (textEnd_.empty())
    take(line);
  else if (line == textEnd_)
    textEnd_.clear();
}

void DroppedLines::clear() {
  blocks_ = 0;
  textEnd_.clear();
}

std::string DroppedLines::describe() const {
  return blocks_ != 0 ? "the block is dropped: nothing runs up to its 'end'"
                      : fmt::format("the text is dropped: nothing runs up to {}", quoted(textEnd_));
}

/// What the line opens and ends, as far as that can be seen if it is wrong.
void DroppedLines::take(std::string_view line) {
  const Result<std::vector<Token>> tokens = tokenise(line);
  if (!tokens || (*tokens)[0].text == "print") // which takes any words
    return;
  bool begins = true; // of a command: the line's, or that of `expect error`
  for (const Token& token : *tokens) {
    const bool isWord = token.kind == Token::Word;
    if (isWord && begins && (token.text == "repeat" || token.text == "threads"))
      ++blocks_;
    else if (isWord && begins && token.text == "end" && blocks_ != 0)
      --blocks_;
    else if (isWord && token.text.starts_with("<<"))
      textEnd_ = token.text.substr(2);
    begins = token.kind == Token::Operator && token.text == ":";
  }
}

} // namespace tiercel::cli::session
