// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel run`. Whatever the program can still use when main has ended (its arguments, the engine, the
// listeners) is never destroyed: other threads may go on. command.h says what must not be on the stack while
// it runs.

#include "tiercel/engine.h"

#include "command.h"
#include "engine_setup.h"
#include "output.h"
#include "run_options.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <unistd.h>
#include <vector>

namespace tiercel::cli {

namespace {

constexpr std::string_view kTry = "tiercel run --help";

/// What glibc's error messages (`warn`, `error`, a failed assert) and getprogname-like code call the program.
void setInvocationName(std::string& file) {
  program_invocation_name = file.data();
  program_invocation_short_name = file.data() + (file.rfind('/') + 1); // npos + 1 is 0
}

Status addProgram(Engine& engine, const std::string& file) {
  if (file != "-")
    return engine.addFile(file);
  Result<std::string> text = readAll(file, "standard input");
  return text ? engine.addBytes(*text, "stdin") : Status(text.takeError());
}

/// What to try about a missing symbol.
Error withAdvice(const Error& error, const RunRequest& request) {
  if (error.kind() != ErrorKind::MissingSymbol)
    return error;
  std::string advice = "add what defines it by --link=FILE or -l LIB";
  if (!request.absentInput.empty())
    advice =
        fmt::format("'{}' does not exist, so the words before '--' were taken as arguments of the program",
                    request.absentInput);
  else if (!request.likelyInput.empty())
    advice = fmt::format("'{1}' was taken as an argument of the program; to add it to the program: "
                         "tiercel run {0} {1} -- ..., or --link={1}",
                         request.program.front(), request.likelyInput);
  return Error(error.kind(), error.what(), error.why() + "; " + advice);
}

Status addInputs(Engine& engine, const RunRequest& request) {
  Status added = addProgram(engine, request.program.front());
  return added ? addLinkInputs(engine, request) : std::move(added);
}

/// Everything that comes before the program's first instruction.
Prepared prepare(Arguments args, RunRequest& request) {
  auto stop = [](int status) { return Prepared{.engine = nullptr, .status = status}; };
  if (Status parsed = parseRunOptions(Subcommand::Run, args, request); !parsed)
    return stop(wrongCommandLine(parsed.error().what(), parsed.error().why(), kTry));
  if (request.help)
    return stop(show(runHelp()));

  if (::isatty(STDERR_FILENO) != 0) { // which the compiler does not see
    std::vector<std::string>& arguments = request.engine.frontend.arguments;
    arguments.insert(arguments.begin(), "-fcolor-diagnostics");
  }
  request.engine.onFatal = [&request](const Error& error) { dieOf(withAdvice(error, request)); };
  const Prepared created = createEngine(request, kTry);
  if (created.engine == nullptr)
    return created;
  if (Status added = addInputs(*created.engine, request); !added)
    return stop(cannotRun(withAdvice(added.error(), request)));
  setInvocationName(request.program.front());
  return created;
}

int statusOf(const Result<int>& result, const RunRequest& request) {
  return result ? *result : cannotRun(withAdvice(result.error(), request));
}

} // namespace

int runCommand(Arguments args) {
  auto& request = *new RunRequest;
  const Prepared prepared = prepare(args, request);
  if (prepared.engine == nullptr)
    return prepared.status;
  // What the program's main returns goes back through ours to exit, as natively.
  return statusOf(prepared.engine->runMain(request.program, request.entry), request);
}

} // namespace tiercel::cli
