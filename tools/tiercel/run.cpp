// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel run`. Whatever the program can still use when main has ended (its arguments, the engine, the
// listeners) is never destroyed: other threads may go on. command.h says what must not be on the stack while
// it runs.

#include "tiercel/engine.h"

#include "command.h"
#include "engine_setup.h"
#include "run_options.h"

#include <cerrno>
#include <string>

namespace tiercel::cli {

namespace {

constexpr std::string_view kTry = "tiercel run --help";

/// What glibc's error messages (`warn`, `error`, a failed assert) and getprogname-like code call the program.
void setInvocationName(std::string& file) {
  program_invocation_name = file.data();
  program_invocation_short_name = file.data() + (file.rfind('/') + 1); // npos + 1 is 0
}

Status addInputs(Engine& engine, const RunRequest& request) {
  Status added = engine.addFile(request.program.front());
  return added ? addLinkInputs(engine, request) : std::move(added);
}

/// Everything that comes before the program's first instruction.
Prepared prepare(Arguments args, RunRequest& request) {
  auto stop = [](int status) { return Prepared{.engine = nullptr, .status = status}; };
  if (Status parsed = parseRunOptions(Subcommand::Run, args, request); !parsed)
    return stop(wrongCommandLine(parsed.error().what(), parsed.error().why(), kTry));
  if (request.help)
    return stop(show(runHelp()));

  const Prepared created = createEngine(request, kTry);
  if (created.engine == nullptr)
    return created;
  if (Status added = addInputs(*created.engine, request); !added)
    return stop(cannotRun(added.error()));
  setInvocationName(request.program.front());
  return created;
}

int statusOf(const Result<int>& result) { return result ? *result : cannotRun(result.error()); }

} // namespace

int runCommand(Arguments args) {
  auto& request = *new RunRequest;
  const Prepared prepared = prepare(args, request);
  if (prepared.engine == nullptr)
    return prepared.status;
  // What the program's main returns goes back through ours to exit, as natively.
  return statusOf(prepared.engine->runMain(request.program, request.entry));
}

} // namespace tiercel::cli
