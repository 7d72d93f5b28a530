// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/clang.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tiercel {

namespace {

bool isClang22(const std::vector<std::string>& command) {
  std::vector<std::string> question = command;
  question.emplace_back("--version");
  const Result<ToolRun> answer = runTool(question);
  return answer && answer->status == 0 && llvm::StringRef(answer->output).contains("clang version 22.");
}

/// A file in memory, of which only this process and what it starts know.
class MemoryFile {
public:
  MemoryFile() {
    const int descriptor = ::memfd_create("tiercel", MFD_CLOEXEC);
    if (descriptor >= 0) { // away from the numbers that it gets in the child
      descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kStreams);
      ::close(descriptor);
    }
  }
  ~MemoryFile() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }

  /// Fills it for a reader that begins at the start. False, with errno, when there is no room.
  bool fill(llvm::StringRef text) const {
    while (!text.empty()) {
      const ssize_t size = ::write(descriptor_, text.data(), text.size());
      if (size < 0 && errno != EINTR)
        return false;
      text = text.drop_front(size < 0 ? 0 : static_cast<size_t>(size));
    }
    return ::lseek(descriptor_, 0, SEEK_SET) == 0;
  }

  std::string content() const {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes = llvm::MemoryBuffer::getOpenFile(
        descriptor_, "", /*FileSize=*/static_cast<uint64_t>(-1), /*RequiresNullTerminator=*/false);
    return bytes ? (*bytes)->getBuffer().str() : std::string();
  }

  /// Standard input, output and error, and the report of the process that waits.
  static constexpr int kStreams = 4;

private:
  int descriptor_ = -1;
};

/// How the process that waits reports.
struct Ending {
  int error = 0;  ///< errno when the tool could not be started
  int status = 0; ///< as of waitpid
};

/// Runs in the process that waits: a copy of this one with one thread, whose other threads may have held any
/// lock, so that only what takes none may be called. posix_spawn of glibc neither locks nor allocates.
[[noreturn]] void startAndWait(const std::array<MemoryFile, MemoryFile::kStreams>& files, const char* program,
                               char** arguments, const posix_spawnattr_t& attributes) {
  // Only the tool's streams are left: whoever reads a pipe of this program's is to see its end meanwhile.
  for (int stream = 0; stream < MemoryFile::kStreams; ++stream)
    ::dup3(files[static_cast<size_t>(stream)].descriptor(), stream, stream > STDERR_FILENO ? O_CLOEXEC : 0);
  ::close_range(MemoryFile::kStreams, ~0U, 0);
  // If it is ignored, as it may be here, children leave no status.
  struct sigaction byDefault = {};
  byDefault.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &byDefault, nullptr);

  Ending ending;
  pid_t tool = -1;
  ending.error = ::posix_spawn(&tool, program, nullptr, &attributes, arguments, environ);
  while (ending.error == 0 && ::waitpid(tool, &ending.status, 0) < 0)
    ending.error = errno == EINTR ? 0 : errno;
  const ssize_t written = ::write(STDERR_FILENO + 1, &ending, sizeof ending);
  ::_exit(written == sizeof ending ? 0 : 1);
}

/// The calling process as it is, with the calling thread alone and all signals blocked, so that no handler of
/// the program runs there. No exit signal: it ends unnoticed, and only a wait with __WALL finds it. An exec
/// would give it SIGCHLD back, which is why the tool is its child. No handler of pthread_atfork runs.
pid_t copyProcess() {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto copy = static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr));
  const int error = errno;
  if (copy != 0)
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return copy;
}

} // namespace

Result<std::vector<std::string>> findClang(const std::string& source,
                                           llvm::ArrayRef<llvm::StringRef> folders) {
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("clang-22"))
    return std::vector{*found};
  // Without folders it would look in PATH again.
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("clang-22", folders);
      found && !folders.empty())
    return std::vector{*found};
  std::string others;
  for (const char* variable : {"CC", "CXX"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == 0)
      continue;
    llvm::SmallVector<llvm::StringRef, 4> words;
    llvm::SplitString(value, words);
    std::vector<std::string> command(words.begin(), words.end());
    if (llvm::ErrorOr<std::string> program = command.empty() ? std::errc::no_such_file_or_directory
                                                             : llvm::sys::findProgramByName(command.front());
        program) {
      command.front() = *program;
      if (isClang22(command))
        return command;
    }
    others += std::string("; ") + variable + " is '" + value + "', which is no clang 22";
  }
  return Error(ErrorKind::Environment, source,
               "clang-22 is needed to compile it, and is neither in PATH nor in " +
                   llvm::join(folders, " or ") + others);
}

Result<ToolRun> runTool(const std::vector<std::string>& command, llvm::StringRef input) {
  const auto failed = [&](const std::string& why) {
    return Error(ErrorKind::Environment, command.front(), why);
  };
  int cancellable; // not while a process is about
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
  const auto restore = llvm::make_scope_exit([&] { ::pthread_setcancelstate(cancellable, nullptr); });
  const std::array<MemoryFile, MemoryFile::kStreams> files;
  if (llvm::any_of(files, [](const MemoryFile& file) { return file.descriptor() < 0; }) ||
      !files[STDIN_FILENO].fill(input))
    return failed(std::string("cannot make a file in memory: ") + std::strerror(errno));

  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // Handlers go with the exec; what a shell has ignored for its job stays ignored.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK); // to none

  const pid_t waiting = copyProcess();
  if (waiting == 0)
    startAndWait(files, arguments.front(), arguments.data(), attributes);
  const int error = errno;
  ::posix_spawnattr_destroy(&attributes);
  if (waiting < 0)
    return failed(std::string("cannot start a process: ") + std::strerror(error));
  // If a thread of the program waits with __WALL and gets it first, it has ended all the same.
  while (::waitpid(waiting, nullptr, __WALL) < 0 && errno == EINTR) {
  }

  Ending ending;
  if (::pread(files.back().descriptor(), &ending, sizeof ending, 0) != sizeof ending)
    return failed("the process that waits for it was ended");
  if (ending.error != 0)
    return failed(std::string("cannot be started: ") + std::strerror(ending.error));
  ToolRun run;
  run.output = files[STDOUT_FILENO].content();
  run.messages = files[STDERR_FILENO].content();
  if (WIFSIGNALED(ending.status))
    return failed(std::string("ended by the signal ") + ::strsignal(WTERMSIG(ending.status)) +
                  (run.messages.empty() ? "" : "\n" + run.messages));
  run.status = WEXITSTATUS(ending.status);
  return run;
}

} // namespace tiercel
