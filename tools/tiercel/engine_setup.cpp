// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "engine_setup.h"

#include "tiercel/library.h"

#include "event_log.h"
#include "output.h"
#include "private_heap.h"
#include "stats_json.h"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

namespace tiercel::cli {

namespace {

Status preload(const std::string& file) {
  // A plain name is looked for in the library path only; here a file is meant if there is one.
  std::string path =
      file.find('/') == std::string::npos && ::access(file.c_str(), F_OK) == 0 ? "./" + file : file;
  if (Status whole = checkLibrary(path); !whole)
    return whole;
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr)
    return {};
  // "FILE: what is wrong", or about a library that this one needs.
  std::string why = ::dlerror();
  if (why.starts_with(path + ": "))
    why.erase(0, path.size() + 2);
  return Error(ErrorKind::BadInput, "--preload=" + file, why);
}

/// Whether the profile can be written there when the program exits: beside the file, and then renamed. The
/// file is not touched before.
Status checkProfileFile(const std::string& file) {
  const std::filesystem::path path = std::filesystem::absolute(file);
  std::error_code ignored; // then it is no folder
  if (std::filesystem::is_directory(path, ignored))
    errno = EISDIR;
  else if (::access(path.parent_path().c_str(), W_OK | X_OK) == 0)
    return {};
  return Error(ErrorKind::Environment, "--profile-out=" + file,
               fmt::format("cannot be written: {}", std::strerror(errno)));
}

/// The handlers run after the program's, as those of the statistics do, and not in processes that it forks.
void writeProfileAtExit(Engine& engine, const std::string& file) {
  static Engine* source;
  static const std::string* path;
  static pid_t process;
  source = &engine;
  // Never destroyed: the process may end at any time. The program may go to another folder.
  path = new std::string(std::filesystem::absolute(file));
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

/// The engine does not know how its limits were given.
Error creationError(const Error& error, const RunRequest& request) {
  if (request.engine.codeLimit == 0 || error.what() != "code memory")
    return error;
  return Error(error.kind(), "--code-limit", error.message());
}

} // namespace

int cannotRun(const Error& error) {
  printError(error);
  return exitStatusFor(error.kind());
}

void dieOf(const Error& error) {
  dieSaying(fmt::format("tiercel: error: {}\n", error.message()), error.kind());
}

void dieSaying(std::string_view message, ErrorKind kind) {
  static std::atomic<pid_t> dying = 0; // not a flag, which a child that is forked now would inherit
  if (const pid_t process = ::getpid(); dying.exchange(process) == process)
    while (true)
      ::pause(); // until the other thread has ended the process
  writeAll(STDERR_FILENO, message);
  ::_exit(exitStatusFor(kind));
}

Status addLinkInputs(Engine& engine, const RunRequest& request) {
  for (const LinkInput& input : request.linkInputs) {
    Status added = input.isLibrary ? engine.addLibrary(input.name, request.libraryDirectories)
                                   : engine.addFile(input.name);
    if (!added)
      return added;
  }
  return {};
}

Prepared createEngine(RunRequest& request, std::string_view help) {
  auto stop = [](int status) { return Prepared{.engine = nullptr, .status = status}; };
  StatsAtExit* stats = nullptr;
  if (request.stats) {
    Result<StatsAtExit*> installed = StatsAtExit::install(request);
    if (!installed)
      return stop(cannotRun(installed.error()));
    stats = *installed;
  }
  if (!request.profileFile.empty())
    if (Status checked = checkProfileFile(request.profileFile); !checked)
      return stop(cannotRun(checked.error()));
  for (const std::string& file : request.preloads)
    if (Status loaded = preload(file); !loaded)
      return stop(cannotRun(loaded.error()));

  if (!request.engine.onFatal)
    request.engine.onFatal = dieOf;
  request.engine.giveBackHeap = giveBackHeap;
  request.engine.privateHeap = kHasPrivateHeap;
  request.engine.frontend.onMessages = [](std::string_view, std::string_view messages) {
    writeAll(STDERR_FILENO, fmt::format("{}\n", messages));
  };
  if (!request.engine.dump.empty())
    request.engine.onDump = [output = Output::standardError()](
                                const DumpRequest& dump, const std::string& function,
                                const std::string& text) { output.write(formatDump(dump, function, text)); };
  Result<std::unique_ptr<Engine>> created = Engine::create(request.engine);
  if (!created) { // the options are all it was given, so bad input is a bad option
    const Error error = creationError(created.error(), request);
    return stop(error.kind() == ErrorKind::BadInput ? wrongCommandLine(error.what(), error.why(), help)
                                                    : cannotRun(error));
  }
  Engine* engine = created->release();
  if (stats != nullptr)
    stats->attach(*engine);
  if (!request.profileFile.empty())
    writeProfileAtExit(*engine, request.profileFile);
  if (request.log != LogLevel::Error)
    engine->addListener(new EventLog(request.log, Output::standardError()));
  return {.engine = engine, .status = 0};
}

} // namespace tiercel::cli
