// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel session`: commands that drive a living engine, from a script or typed at a prompt. docs/session.md
// describes the language. Whatever code of the program can still use when main has ended is never destroyed,
// as in `tiercel run`.

#include "command.h"
#include "engine_setup.h"
#include "output.h"
#include "run_options.h"
#include "session_executor.h"
#include "session_help.h"
#include "session_parser.h"
#include "session_prompt.h"
#include "session_terminal.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace tiercel::cli {

namespace {

using namespace session;

constexpr std::string_view kTry = "tiercel session --help";

/// The lines of a text in memory.
class TextLines final : public LineSource {
public:
  explicit TextLines(std::string text) : text_(std::move(text)) {}

  std::optional<std::string> next(bool) override {
    if (at_ == text_.size())
      return std::nullopt;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    return line;
  }

private:
  const std::string text_;
  size_t at_ = 0;
};

/// Behind what the program printed, whose buffer is flushed first; without "tiercel: error:", because its
/// `what` begins with FILE:LINE.
void report(const Error& error) {
  std::fflush(stdout);
  writeAll(STDERR_FILENO, error.message() + "\n");
}

int scriptStatus(const Error& error) {
  report(error);
  return error.kind() == ErrorKind::Internal ? kInternalFailure : kSessionFailed;
}

/// Of the process: there is one session.
Executor* running = nullptr;

/// What the program has printed; in vain while a thread is printing, which may be waiting for this one.
void flushUnlessBusy() {
  if (::ftrylockfile(stdout) != 0)
    return;
  ::fflush_unlocked(stdout);
  ::funlockfile(stdout);
}

/// A call reached a function that nothing defines.
void dieInCall(const Error& error) {
  giveTerminalBack();
  flushUnlessBusy();
  const std::string place = running != nullptr ? running->place() : std::string();
  if (place.empty())
    dieOf(error);
  dieSaying(fmt::format("{}: {}\n", place, error.message()), error.kind());
}

/// Around all commands. When a call ends the first thread, by pthread_exit or because it is cancelled, the
/// frames below the call are unwound, and nobody is left to run the commands that follow.
class FirstThread {
public:
  FirstThread() = default;
  ~FirstThread() {
    if (!returned_)
      endSession();
  }
  FirstThread(const FirstThread&) = delete;
  FirstThread& operator=(const FirstThread&) = delete;

  int returns(int status) {
    returned_ = true;
    return status;
  }

private:
  [[noreturn]] static void endSession() {
    const std::string place = running->place();
    report(Error(ErrorKind::BadInput, place.empty() ? "session" : place, "a call ended the thread"));
    std::exit(kSessionFailed);
  }

  bool returned_ = false;
};

int runScript(Engine& engine, const std::string& name, const Block& script) {
  running = new Executor(engine, name);
  FirstThread thread;
  for (const Command& command : script) {
    if (Status done = running->run(command); !done)
      return thread.returns(scriptStatus(done.error()));
    if (std::holds_alternative<Quit>(command.action))
      break;
  }
  return thread.returns(0);
}

void reportMistake(const Error& error, const DroppedLines& dropped) {
  report(error);
  if (dropped.more())
    writeAll(STDERR_FILENO, dropped.describe() + "\n");
}

int runPrompt(Engine& engine, bool keepHistory) {
  Result<std::unique_ptr<Prompt>> prompt = Prompt::create(engine, keepHistory);
  if (!prompt)
    return cannotRun(prompt.error());
  const std::string name = "stdin";
  auto& strings = *new std::deque<std::string>;
  auto& commands = *new std::deque<Command>; // what the program was given may point into them
  Parser& parser = *new Parser(name, *prompt->release(), strings);
  running = new Executor(engine, name);
  show("Commands change and call a program while it runs: 'help' lists them, ^D ends.\n");
  FirstThread thread;
  while (true) {
    Result<std::optional<Command>> parsed = parser.next();
    if (!parsed) {
      reportMistake(parsed.error(), parser.dropped());
      continue;
    }
    if (!*parsed)
      return thread.returns(0);
    const Command& command = commands.emplace_back(std::move(**parsed));
    if (Status done = running->run(command); !done)
      report(done.error());
    if (std::holds_alternative<Quit>(command.action))
      return thread.returns(0);
  }
}

/// The script's commands, or what is wrong with it. Never destroyed.
Result<const Block*> parseScript(const std::string& name, std::string text) {
  auto& strings = *new std::deque<std::string>;
  TextLines lines(std::move(text));
  Result<Block> commands = Parser(name, lines, strings).all();
  if (!commands)
    return commands.takeError();
  return new Block(std::move(*commands));
}

} // namespace

std::string sessionHelp() {
  return R"(Drives a living program: adds, redefines and removes parts of it while it runs,
calls its functions and checks what they return. Commands come from a script, or
from a prompt with editing, history and completion when standard input is a
terminal and there is no FILE.

Usage: tiercel session [OPTIONS] [FILE|-]

Commands, one per line:
)" + helpText({}) +
         optionsHelp(Subcommand::Session) + R"(
Example:
  add math lang=c <<END
  long twice(long x) { return x + x; }
  END
  call i64 @twice(i64 21)               # prints 42
  let before = address @twice
  redefine math lang=c <<END
  long twice(long x) { return x * 2 + 1; }
  END
  expect i64 @twice(i64 21) == 43       # the new code
  expect address @twice == $before      # at the same address
  threads 4
    repeat 1000
      expect i64 @twice(i64 $round) > $round
    end
  end
  expect error "defines no such function" : call void @thrice()

A script is read to its end before its first command runs. It stops at the first
error, which is written to standard error as FILE:LINE: WHAT: WHY. The prompt
goes on after errors. docs/session.md describes all of it.

Exit status:
  0    the end was reached
  1    the script is wrong, or one of its commands failed
  2    the command line is wrong
  125  the session cannot begin, or a call reached a function that nothing defines
  126  internal failure of Tiercel
  A call that ends the process, by exit or by a signal, does so here, too.
)";
}

int sessionCommand(Arguments args) {
  auto& request = *new RunRequest;
  if (Status parsed = parseRunOptions(Subcommand::Session, args, request); !parsed)
    return wrongCommandLine(parsed.error().what(), parsed.error().why(), kTry);
  if (request.help)
    return show(sessionHelp());
  if (request.program.empty())
    request.program.emplace_back("-");
  const std::string file = request.program.front();
  const bool interactive = file == "-" && ::isatty(STDIN_FILENO) != 0;
  std::string& name = request.program.front(); // what messages and statistics call it
  if (file == "-")
    name = "stdin";

  const Block* script = nullptr;
  if (!interactive) {
    Result<std::string> text = readAll(file, name);
    if (!text)
      return cannotRun(text.error());
    Result<const Block*> parsed = parseScript(name, std::move(*text));
    if (!parsed)
      return scriptStatus(parsed.error());
    script = *parsed;
  }

  request.engine.onFatal = dieInCall;
  const Prepared created = createEngine(request, kTry);
  if (created.engine == nullptr)
    return created.status;
  if (Status added = addLinkInputs(*created.engine, request); !added)
    return cannotRun(added.error());
  return interactive ? runPrompt(*created.engine, request.history)
                     : runScript(*created.engine, name, *script);
}

} // namespace tiercel::cli
