// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One line of the session language, taken apart.
#pragma once

#include "tiercel/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace tiercel::cli::session {

struct Token {
  enum Kind {
    Word,     ///< anything up to a blank or one of ( ) , "
    Text,     ///< "between quotes", escapes replaced
    Symbol,   ///< @name: of the program; patterns are possible
    Variable, ///< $name: of the session
    Operator, ///< ( ) , : and comparisons
    End,      ///< of the line
  };
  Kind kind = End;
  std::string text; ///< without @, $ and quotes
  size_t begin = 0; ///< where in the line it begins
};

/// The tokens of a line without its comment; the last one is an End. The error's `what` is the text that is
/// wrong.
Result<std::vector<Token>> tokenise(std::string_view line);

/// A variable's name at the beginning of `text`; empty if there is none.
std::string_view variableName(std::string_view text);

/// For messages: quoted, cut short, without bytes that would harm a terminal.
std::string quoted(std::string_view text);

} // namespace tiercel::cli::session
