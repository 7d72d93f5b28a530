// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel run`. Whatever the program can still use when main has ended (its arguments, the engine, the
// listeners) is never destroyed: other threads may go on. command.h says what must not be on the stack while
// it runs.

#include "tiercel/engine.h"

#include "command.h"
#include "event_log.h"
#include "run_options.h"
#include "stats_json.h"

#include <cerrno>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <unistd.h>

namespace tiercel::cli {

namespace {

int wrongOption(const Error& error) {
  return wrongCommandLine(error.what(), error.why(), "tiercel run --help");
}

int cannotRun(const Error& error) {
  printError(error);
  return exitStatusFor(error.kind());
}

/// What glibc's error messages (`warn`, `error`, a failed assert) and getprogname-like code call the program.
void setInvocationName(std::string& file) {
  program_invocation_name = file.data();
  program_invocation_short_name = file.data() + (file.rfind('/') + 1); // npos + 1 is 0
}

Status preload(const std::string& file) {
  // A plain name is looked for in the library path only; here a file is meant if there is one.
  std::string path =
      file.find('/') == std::string::npos && ::access(file.c_str(), F_OK) == 0 ? "./" + file : file;
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr)
    return {};
  // "FILE: what is wrong", or about a library that this one needs.
  std::string why = ::dlerror();
  if (why.starts_with(path + ": "))
    why.erase(0, path.size() + 2);
  return Error(ErrorKind::BadInput, "--preload=" + file, why);
}

Status addInputs(Engine& engine, const RunRequest& request) {
  Status added = engine.addFile(request.program.front());
  for (const LinkInput& input : request.linkInputs) {
    if (!added)
      break;
    added = input.isLibrary ? engine.addLibrary(input.name, request.libraryDirectories)
                            : engine.addFile(input.name);
  }
  return added;
}

/// The program cannot go on. Natively a failed lazy binding ends it in the same way: without atexit handlers
/// and without flushing its streams.
void dieOf(const Error& error) {
  printError(error);
  ::_exit(exitStatusFor(error.kind()));
}

/// The handlers run after the program's, as those of the statistics do, and not in processes that it forks.
void writeProfileAtExit(Engine& engine, const std::string& file) {
  static Engine* source;
  static const std::string* path;
  static pid_t process;
  source = &engine;
  path = new std::string(file); // never destroyed: the process may end at any time
  process = ::getpid();
  const auto write = [] {
    if (::getpid() != process)
      return;
    if (Status written = source->writeProfile(*path); !written)
      printError(written.error());
  };
  static void (*const handler)() = write;
  ::on_exit([](int, void*) { handler(); }, nullptr);
  ::at_quick_exit([] { handler(); });
}

/// The engine, loaded with the program; without one, the status to exit with.
struct Prepared {
  Engine* engine = nullptr;
  int status = 0;
};

/// Everything that comes before the program's first instruction.
Prepared prepare(Arguments args, RunRequest& request) {
  auto stop = [](int status) { return Prepared{.engine = nullptr, .status = status}; };
  if (Status parsed = parseRunOptions(args, request); !parsed)
    return stop(wrongOption(parsed.error()));
  if (request.help)
    return stop(show(runHelp()));

  StatsAtExit* stats = nullptr;
  if (request.stats) {
    Result<StatsAtExit*> installed = StatsAtExit::install(request);
    if (!installed)
      return stop(cannotRun(installed.error()));
    stats = *installed;
  }
  for (const std::string& file : request.preloads)
    if (Status loaded = preload(file); !loaded)
      return stop(cannotRun(loaded.error()));

  request.engine.onFatal = dieOf;
  if (!request.engine.dump.empty())
    request.engine.onDump = [output = Output::standardError()](
                                const DumpRequest& dump, const std::string& function,
                                const std::string& text) { output.write(formatDump(dump, function, text)); };
  Result<std::unique_ptr<Engine>> created = Engine::create(request.engine);
  if (!created) { // the options are all it was given, so bad input is a bad option
    const Error& error = created.error();
    return stop(error.kind() == ErrorKind::BadInput ? wrongOption(error) : cannotRun(error));
  }
  Engine* engine = created->release();
  if (stats != nullptr)
    stats->attach(*engine);
  if (!request.profileFile.empty())
    writeProfileAtExit(*engine, request.profileFile);
  if (request.log != LogLevel::Error)
    engine->addListener(new EventLog(request.log, Output::standardError()));
  if (Status added = addInputs(*engine, request); !added)
    return stop(cannotRun(added.error()));
  setInvocationName(request.program.front());
  return {.engine = engine, .status = 0};
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
