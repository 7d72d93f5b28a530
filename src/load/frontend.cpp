// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/frontend.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <array>

namespace tiercel {

namespace {

enum class Language { None, C, Cxx };

Language languageOf(llvm::StringRef path) {
  return llvm::StringSwitch<Language>(llvm::sys::path::extension(path))
      .Cases({".c", ".i"}, Language::C)
      .Cases({".cc", ".cpp", ".cxx", ".C", ".c++", ".ii"}, Language::Cxx)
      .Default(Language::None);
}

} // namespace

bool isFrontendSource(const std::string& path) { return languageOf(path) != Language::None; }

Result<Input> compileText(llvm::StringRef text, const std::string& name) {
  llvm::SmallString<128> file;
  int descriptor = -1;
  std::error_code error = llvm::sys::fs::createTemporaryFile(
      "tiercel", llvm::sys::path::extension(name).drop_front(), descriptor, file);
  if (error)
    return Error(ErrorKind::Environment, name, "cannot make a temporary file: " + error.message());
  llvm::FileRemover remover(file);
  {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << "#line 1 \"";
    stream.write_escaped(name) << "\"\n" << text << "\n";
    stream.close();
    if (stream.has_error()) {
      error = stream.error();
      stream.clear_error();
      return Error(ErrorKind::Environment, name, "cannot write a temporary file: " + error.message());
    }
  }
  Result<Input> input = compileSource(std::string(file));
  if (!input)
    return Error(input.error().kind(), name, input.error().why());
  input->name = name;
  return input;
}

Result<Input> compileSource(const std::string& path) {
  const char* driver = languageOf(path) == Language::Cxx ? "clang++-22" : "clang-22";
  llvm::ErrorOr<std::string> compiler = llvm::sys::findProgramByName(driver);
  if (!compiler)
    return Error(ErrorKind::Environment, path,
                 std::string(driver) + " is needed to compile it and is not installed");

  llvm::SmallString<128> output;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tiercel", "bc", output))
    return Error(ErrorKind::Environment, path, "cannot make a temporary file: " + error.message());
  llvm::FileRemover remover(output);

  // -O1 so that the front end leaves what optimisers need (lifetimes, aliasing facts, no optnone), and no
  // passes, so that it costs no more than -O0.
  const std::array<llvm::StringRef, 10> arguments = {
      *compiler, "-O1", "-Xclang", "-disable-llvm-passes", "-fPIC", "-c", "-emit-llvm", "-o", output, path};
  std::string problem;
  const int status = llvm::sys::ExecuteAndWait(*compiler, arguments, std::nullopt, {}, 0, 0, &problem);
  if (status != 0)
    return Error(ErrorKind::BadInput, path,
                 problem.empty() ? std::string(driver) + " could not compile it (see above)" : problem);

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::Environment, path, bytes.getError().message());
  // A copy, because the file goes away.
  return Input{InputKind::Bitcode, path, llvm::MemoryBuffer::getMemBufferCopy((*bytes)->getBuffer(), path)};
}

} // namespace tiercel
