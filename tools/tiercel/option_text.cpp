// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The options as people read them: the help, and the tables of docs/command-line.md.

#include "option_table.h"

#include <fmt/format.h>

namespace tiercel::cli {

const char* const kExamples = R"(Examples:
  tiercel run hello.c
      Run a C program. C++, textual LLVM IR (.ll) and bitcode (.bc) work the same way.
  tiercel run -std=c++20 -Iinclude main.cpp parser.cpp -- input.txt
      Compile two sources and run them as one program with an argument.
  tiercel run --stats main.bc input.txt -v
      Run bitcode with the arguments 'input.txt -v', then report what the engine did.
  tiercel run --link parser.bc -L/opt/zlib/lib -lz main.bc
      Run a program made of two modules and a library.
)";

const char* const kExitStatuses = R"(Exit status:
  The program's own; if a signal ends it, the same signal ends tiercel. Otherwise
  2    the command line is wrong
  125  the program cannot be loaded, or a symbol is missing
  126  internal failure of Tiercel
)";

namespace {

/// `text` as a paragraph of `width` columns, each line but the first after `indent` spaces.
std::string wrap(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = 0;
  for (const std::string& word : wordsOf(text, ' ')) {
    if (column != 0 && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

/// In a cell of a table a bar would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

} // namespace

std::string optionsHelp(Subcommand command) {
  constexpr size_t kHelpColumn = 28;
  constexpr size_t kHelpWidth = 80 - kHelpColumn;
  std::string text;
  std::string_view group;
  for (const OptionRow& row : optionTable(command)) {
    if (row.group != group) {
      group = row.group;
      text += fmt::format("\n{}:\n", group);
    }
    std::string usage = row.usage();
    text += fmt::format("  {:<{}}", usage, kHelpColumn - 2);
    if (usage.size() + 4 > kHelpColumn)
      text += "\n" + std::string(kHelpColumn, ' ');
    text += wrap(row.help, kHelpColumn, kHelpWidth) + "\n";
  }
  return text;
}

std::string runHelp() {
  constexpr const char* kBeginning =
      R"(Runs a program: LLVM IR, C or C++. Functions are compiled on their first call,
and again, better, while they run when they turn out to be hot.

Usage: tiercel run [OPTIONS] FILE [ARGS...]
       tiercel run [OPTIONS] FILE FILES... -- [ARGS...]

FILE is C, C++, LLVM IR, bitcode, or - for standard input. What follows it is
the program's, even if it looks like an option; only files that all name sources,
bitcode, objects or libraries, with a -- after them, are more of the program,
unless a -- comes before FILE.
A value may follow its option after '=' or, unless it is optional, as the next
argument. Of an option given twice the last counts, unless it is repeatable.
)";
  return kBeginning + optionsHelp(Subcommand::Run) + "\n" + kExamples + "\n" + kExitStatuses;
}

std::string optionsMarkdown() {
  std::string text;
  std::string_view group;
  for (const OptionRow& row : optionTable(Subcommand::Run)) {
    if (row.group != group) {
      group = row.group;
      text += fmt::format("{}### {}\n\n| option | meaning |\n|---|---|\n", text.empty() ? "" : "\n", group);
    }
    const std::string_view more = row.more;
    text += fmt::format("| `{}` | {}{}{} |\n", cell(row.usage()), cell(row.help), more.empty() ? "" : " ",
                        more.empty() ? "" : fmt::format("{}.", more));
  }
  return text;
}

} // namespace tiercel::cli
