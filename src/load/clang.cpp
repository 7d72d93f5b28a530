// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/clang.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <array>
#include <cstdlib>
#include <optional>

namespace tiercel {

namespace {

bool isClang22(const std::vector<std::string>& command) {
  std::vector<std::string> question = command;
  question.emplace_back("--version");
  const Result<ToolRun> answer = runTool(question);
  return answer && answer->status == 0 && llvm::StringRef(answer->output).contains("clang version 22.");
}

std::string contentOf(llvm::StringRef file) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(file, /*IsText=*/true, /*RequiresNullTerminator=*/false);
  return bytes ? (*bytes)->getBuffer().str() : std::string();
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

Result<ToolRun> runTool(const std::vector<std::string>& command) {
  std::array<llvm::SmallString<128>, 2> files; // standard output and error
  const auto failed = [&](const std::string& why) {
    return Error(ErrorKind::Environment, command.front(), why);
  };
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tiercel", "out", files[0]))
    return failed("cannot make a temporary file: " + error.message());
  const llvm::FileRemover removeOutput(files[0]);
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tiercel", "err", files[1]))
    return failed("cannot make a temporary file: " + error.message());
  const llvm::FileRemover removeMessages(files[1]);

  const std::vector<llvm::StringRef> words(command.begin(), command.end());
  const std::array<std::optional<llvm::StringRef>, 3> streams = {llvm::StringRef(), files[0].str(),
                                                                 files[1].str()};
  ToolRun run;
  std::string problem;
  run.status = llvm::sys::ExecuteAndWait(command.front(), words, std::nullopt, streams, 0, 0, &problem);
  run.output = contentOf(files[0]);
  run.messages = contentOf(files[1]);
  if (!problem.empty()) // it did not start, or a signal ended it
    return failed(run.messages.empty() ? problem : problem + "\n" + run.messages);
  return run;
}

} // namespace tiercel
