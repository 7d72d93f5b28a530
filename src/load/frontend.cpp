// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/frontend.h"

#include "load/clang.h"
#include "load/language.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <tuple>

namespace tiercel {

namespace {

/// Whether a pass of clang's has to add something to the code: instrumentation that the front end only
/// prepares.
bool asksForPasses(llvm::StringRef argument) {
  static constexpr llvm::StringRef kOptions[] = {
      "-fsanitize", "-fprofile-",       "-fcs-profile",           "-fcoverage-mapping",
      "--coverage", "-fmemory-profile", "-finstrument-functions", "-fxray-instrument"};
  return llvm::any_of(kOptions, [&](llvm::StringRef option) { return argument.starts_with(option); });
}

/// Writes the text for clang to read in another file: under its own name and line numbers, without the first
/// line of a script.
Status writeText(const SourceText& source, llvm::SmallString<128>& file) {
  const auto failed = [&](const std::error_code& error) {
    return Error(ErrorKind::Environment, source.name, "cannot write a temporary file: " + error.message());
  };
  int descriptor = -1;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tiercel", "txt", descriptor, file))
    return failed(error);
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  // Assemblers know the form that preprocessors write.
  stream << (isAssembly(source.language) ? "# 1 \"" : "#line 1 \"");
  stream.write_escaped(source.name) << "\"\n";
  llvm::StringRef text = source.text;
  if (text.consume_front("#!"))
    stream << (source.language == "assembler" ? "#" : "//");
  stream << text << "\n";
  stream.close();
  const std::error_code error = stream.error();
  stream.clear_error();
  return error ? Status(failed(error)) : Status();
}

std::vector<std::string> clangArguments(const SourceText& source, const FrontendOptions& options) {
  std::vector<std::string> arguments = {"-fPIC", "-c", "-Wno-unused-command-line-argument"};
  if (!isAssembly(source.language)) {
    // -O1 so that the front end leaves what optimisers need (lifetimes, aliasing facts), and no passes, so
    // that it costs no more than -O0. With -O0 nothing may be marked as not to be optimised: the tiers
    // decide.
    arguments.insert(arguments.end(), {"-emit-llvm", "-O1", "-Xclang", "-disable-O0-optnone"});
    if (llvm::none_of(options.arguments, asksForPasses))
      arguments.insert(arguments.end(), {"-Xclang", "-disable-llvm-passes"});
  }
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  arguments.insert(arguments.end(), {"-x", source.language.str()});
  return arguments;
}

} // namespace

Result<Input> compile(const SourceText& source, const FrontendOptions& options) {
  Result<std::vector<std::string>> command = findClang(source.name);
  if (!command)
    return command.takeError();
  const std::string compiler = llvm::sys::path::filename(command->front()).str();
  const std::vector<std::string> arguments = clangArguments(source, options);
  command->insert(command->end(), arguments.begin(), arguments.end());

  llvm::SmallString<128> copy, output;
  const auto removeFiles = llvm::make_scope_exit([&] {
    for (const llvm::StringRef file : {copy.str(), output.str()})
      if (!file.empty())
        std::ignore = llvm::sys::fs::remove(file); // it may never have been made
  });
  if (source.inFile && !source.text.starts_with("#!") && !llvm::StringRef(source.name).starts_with("-")) {
    command->push_back(source.name);
  } else {
    if (Status written = writeText(source, copy); !written)
      return written.takeError();
    const llvm::StringRef folder = llvm::sys::path::parent_path(source.name);
    command->insert(command->end(), {"-iquote", folder.empty() ? "." : folder.str(), copy.str().str()});
  }
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tiercel", "out", output))
    return Error(ErrorKind::Environment, source.name, "cannot make a temporary file: " + error.message());
  command->insert(command->end(), {"-o", output.str().str()});

  Result<ToolRun> run = runTool(*command);
  if (!run)
    return Error(run.error().kind(), source.name, run.error().message());
  const std::string messages = llvm::StringRef(run->messages).rtrim().str();
  if (run->status != 0)
    return Error(ErrorKind::BadInput, source.name, compiler + " cannot compile it:\n" + messages);
  if (!messages.empty() && options.onMessages)
    options.onMessages(source.name, messages);

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::Environment, source.name, bytes.getError().message());
  // A copy, because the file goes away.
  return Input{isAssembly(source.language) ? InputKind::Object : InputKind::Bitcode, source.name,
               llvm::MemoryBuffer::getMemBufferCopy((*bytes)->getBuffer(), source.name)};
}

} // namespace tiercel
