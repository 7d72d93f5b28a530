// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/frontend.h"

#include "load/clang.h"
#include "load/language.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

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

/// An option for a file beside clang's output, which is no file; empty without one.
llvm::StringRef asksForFileBeside(const std::vector<std::string>& arguments) {
  static constexpr llvm::StringRef kOptions[] = {"-ftime-trace", "-fsave-optimization-record",
                                                 "-save-temps",  "--save-temps",
                                                 "-save-stats",  "-gsplit-dwarf"};
  const bool namesDependencies = llvm::is_contained(arguments, "-MF");
  for (const llvm::StringRef argument : arguments)
    if (llvm::any_of(kOptions, [&](llvm::StringRef option) { return argument.starts_with(option); }) ||
        (!namesDependencies && (argument == "-MD" || argument == "-MMD")))
      return argument;
  return {};
}

/// The text as clang reads it from its standard input: under its own name and line numbers, without the first
/// line of a script.
std::string textForInput(const SourceText& source) {
  llvm::StringRef text = source.text;
  text.consume_front("\xef\xbb\xbf"); // a byte order mark, which may only come first
  if (text.starts_with("#!"))
    text = text.drop_front(std::min(text.find('\n'), text.size()));
  std::string written;
  llvm::raw_string_ostream stream(written);
  // Assemblers know the form that preprocessors write.
  stream << (isAssembly(source.language) ? "# 1 \"" : "#line 1 \"");
  stream.write_escaped(source.name) << "\"\n" << text << "\n";
  return written;
}

/// Whether clang takes the path for a file and nothing else. Its driver removes a "./", so that this is no
/// help.
bool isPlainPath(llvm::StringRef path) {
  path = llvm::sys::path::remove_leading_dotslash(path);
  return !path.starts_with("-") && !path.starts_with("@");
}

/// What comes before the user's arguments.
std::vector<std::string> clangArguments(const SourceText& source, const FrontendOptions& options) {
  std::vector<std::string> arguments = {"-fPIC", "-c", "-Wno-unused-command-line-argument",
                                        "-fno-crash-diagnostics"};
  if (!isAssembly(source.language)) {
    // -O1 so that the front end leaves what optimisers need (lifetimes, aliasing facts), and no passes, so
    // that it costs no more than -O0. With -O0 nothing may be marked as not to be optimised: the tiers
    // decide.
    arguments.insert(arguments.end(), {"-emit-llvm", "-O1", "-Xclang", "-disable-O0-optnone"});
    if (llvm::none_of(options.arguments, asksForPasses))
      arguments.insert(arguments.end(), {"-Xclang", "-disable-llvm-passes"});
  }
  arguments.insert(arguments.end(), {"-x", source.language.str()});
  return arguments;
}

} // namespace

Result<Input> compile(const SourceText& source, const FrontendOptions& options) {
  if (const llvm::StringRef option = asksForFileBeside(options.arguments); !option.empty())
    return Error(ErrorKind::Unsupported, source.name,
                 "cannot compile it with " + option.str() +
                     ", which asks for a file beside clang's output; that is kept in memory");
  Result<std::vector<std::string>> command = findClang(source.name);
  if (!command)
    return command.takeError();
  const std::string compiler = llvm::sys::path::filename(command->front()).str();
  const std::vector<std::string> arguments = clangArguments(source, options);
  command->insert(command->end(), arguments.begin(), arguments.end());

  // What is not in a file as clang has to see it comes through a descriptor, beside which nobody can put a
  // header. The folder where the source is, or would be, is then the first in which headers are looked for,
  // as it is for files.
  const bool named = source.inFile && !source.text.starts_with("#!") && isPlainPath(source.name);
  std::string text;
  if (!named) {
    text = textForInput(source);
    const std::string folder = llvm::sys::path::parent_path(source.name).str();
    command->insert(command->end(),
                    {"-iquote", llvm::sys::path::is_absolute(folder) ? folder : "./" + folder});
  }
  command->insert(command->end(), options.arguments.begin(), options.arguments.end());
  command->insert(command->end(), {"-o", "-", named ? source.name : "/proc/self/fd/0"});

  Result<ToolRun> run = runTool(*command, text);
  if (!run)
    return Error(run.error().kind(), source.name, run.error().message());
  const std::string messages = llvm::StringRef(run->messages).rtrim().str();
  if (run->status != 0)
    return Error(ErrorKind::BadInput, source.name, compiler + " cannot compile it:\n" + messages);
  if (!messages.empty() && options.onMessages)
    options.onMessages(source.name, messages);

  if (run->output.empty())
    return Error(ErrorKind::BadInput, source.name, compiler + " made no code of it");
  return Input{isAssembly(source.language) ? InputKind::Object : InputKind::Bitcode, source.name,
               llvm::MemoryBuffer::getMemBufferCopy(run->output, source.name)};
}

} // namespace tiercel
