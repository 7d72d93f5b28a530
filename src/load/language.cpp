// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/language.h"

#include "tiercel/input_names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

namespace tiercel {

namespace {

/// By name ending, as clang decides it; empty for others.
llvm::StringRef languageOfEnding(llvm::StringRef ending) {
  return llvm::StringSwitch<llvm::StringRef>(ending)
      .Case(".ll", kIrLanguage)
      .Case(".c", "c")
      .Case(".i", "cpp-output")
      .Cases({".cc", ".cp", ".cpp", ".cxx", ".c++", ".C", ".CC", ".CPP", ".CXX"}, "c++")
      .Case(".ii", "c++-cpp-output")
      .Cases({".cppm", ".ccm", ".cxxm", ".c++m"}, "c++-module")
      .Case(".s", "assembler")
      .Cases({".S", ".sx"}, "assembler-with-cpp")
      .Default({});
}

/// What to do with a source that clang cannot make a part of a program; empty for other endings.
llvm::StringRef adviceFor(llvm::StringRef ending) {
  return llvm::StringSwitch<llvm::StringRef>(ending)
      .Case(".rs", "it is Rust; give the bitcode that 'rustc --emit=llvm-bc FILE' makes of it")
      .Case(".d", "it is D; give the bitcode that 'ldc2 -c --output-bc FILE' makes of it")
      .Cases({".f", ".for", ".f77", ".f90", ".f95", ".f03", ".f08", ".F", ".F90"},
             "it is Fortran; give the bitcode that 'flang-22 -c -emit-llvm FILE' makes of it")
      .Case(".go", "it is Go; give the bitcode that 'tinygo build -o FILE.bc' makes of it")
      .Case(".swift", "it is Swift; give the bitcode that 'swiftc -emit-bc FILE' makes of it")
      .Case(".zig", "it is Zig; give the bitcode that 'zig build-obj -femit-llvm-bc FILE' makes of it")
      .Case(".cr", "it is Crystal; give the bitcode that 'crystal build --emit llvm-bc FILE' makes of it")
      .Case(".jl", "it is Julia; give the bitcode that 'julia --output-bc OUT.bc FILE' makes of it")
      .Case(".odin", "it is Odin; give the IR that 'odin build -build-mode:llvm-ir' makes of it")
      .Case(".hs", "it is Haskell; give the IR that 'ghc -fllvm -keep-llvm-files FILE' makes of it")
      .Cases({".m", ".mm", ".M"}, "it is Objective-C, whose runtime is not supported")
      .Cases({".cu", ".hip", ".cl"}, "it is for a graphics processor; Tiercel runs code for x86-64")
      .Case(".mlir", "it is MLIR; give the IR that 'mlir-translate --mlir-to-llvmir FILE' makes of it")
      .Cases({".h", ".hh", ".hpp", ".hxx"}, "it is a header; give a source that includes it")
      .Cases({".py", ".js", ".rb", ".pl", ".lua", ".php", ".java"},
             "it needs its interpreter, of which the bitcode can be run")
      .Default({});
}

/// The first line that is neither empty nor an IR comment.
llvm::StringRef firstLine(llvm::StringRef text) {
  text.consume_front("\xef\xbb\xbf"); // a byte order mark
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    line = line.trim();
    if (!line.empty() && !line.starts_with(";") && !line.starts_with("#!"))
      return line;
    text = rest;
  }
  return {};
}

bool beginsAsIr(llvm::StringRef line) {
  static constexpr llvm::StringRef kBeginnings[] = {"source_filename",
                                                    "target ",
                                                    "define ",
                                                    "declare ",
                                                    "attributes #",
                                                    "module asm",
                                                    "@",
                                                    "%",
                                                    "!",
                                                    "$",
                                                    "^"};
  return llvm::any_of(kBeginnings, [&](llvm::StringRef beginning) { return line.starts_with(beginning); });
}

bool beginsAsC(llvm::StringRef line) {
  static constexpr llvm::StringRef kWords[] = {
      "int",   "void",      "char",   "short",    "long",  "unsigned", "signed",    "float", "double",
      "_Bool", "static",    "extern", "inline",   "const", "typedef",  "struct",    "union", "enum",
      "using", "namespace", "class",  "template", "auto",  "volatile", "constexpr", "bool",  "register"};
  if (line.starts_with("#") || line.starts_with("//") || line.starts_with("/*"))
    return true;
  return llvm::is_contained(kWords, line.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; }));
}

/// C++ shows itself by headers without an ending and by words that C does not have.
bool looksLikeCxx(llvm::StringRef text) {
  static constexpr llvm::StringRef kBeginnings[] = {"using ",     "namespace ", "template", "class ",
                                                    "constexpr ", "public:",    "import ",  "export "};
  if (text.contains("std::"))
    return true;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    line = line.ltrim();
    if (llvm::any_of(kBeginnings, [&](llvm::StringRef beginning) { return line.starts_with(beginning); }))
      return true;
    if (line.consume_front("#") && line.ltrim().starts_with("include")) {
      const llvm::StringRef header = line.split('<').second.split('>').first;
      if (!header.empty() && llvm::sys::path::extension(header).empty())
        return true;
    }
    text = rest;
  }
  return false;
}

/// The interpreter that a script asks for in its first line, unless that is Tiercel; empty without such a
/// line.
llvm::StringRef interpreterOf(llvm::StringRef text) {
  const llvm::StringRef line = text.split('\n').first;
  return line.starts_with("#!") && !line.contains("tiercel") ? line.drop_front(2).trim() : llvm::StringRef();
}

} // namespace

bool isLanguage(llvm::StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"c", "c++", "cpp-output", "c++-cpp-output", "c++-module", "assembler", "assembler-with-cpp"},
             true)
      .Case("ir", true)
      .Default(false);
}

Result<llvm::StringRef> findLanguage(llvm::StringRef text, const std::string& name,
                                     llvm::StringRef declared) {
  if (!declared.empty())
    return declared;
  const llvm::StringRef ending = llvm::sys::path::extension(name);
  if (const llvm::StringRef known = languageOfEnding(ending); !known.empty())
    return known;
  const llvm::StringRef first = firstLine(text);
  // Before it is looked at: comments of Fortran and imports of Objective-C begin as IR does.
  if (const llvm::StringRef advice = adviceFor(ending); !advice.empty())
    return Error(ErrorKind::Unsupported, name,
                 advice.str() + (beginsAsIr(first)
                                     ? "; if it is IR, declare that (-x ir) or let its name end in .ll"
                                     : ""));
  if (beginsAsIr(first))
    return kIrLanguage;
  if (const llvm::StringRef interpreter = interpreterOf(text); !interpreter.empty())
    return Error(ErrorKind::BadInput, name,
                 "it is a script for '" + interpreter.str() + "'; run it directly");
  if (!beginsAsC(first))
    return kIrLanguage;
  return llvm::StringRef(looksLikeCxx(text) ? "c++" : "c");
}

bool isNameOfInput(std::string_view path) {
  const llvm::StringRef file = llvm::sys::path::filename(path);
  const llvm::StringRef ending = llvm::sys::path::extension(file);
  if (!languageOfEnding(ending).empty() || llvm::is_contained({".bc", ".o", ".a", ".so"}, ending))
    return true;
  // libx.so.1.2
  const llvm::StringRef version = file.rsplit(".so.").second;
  return !version.empty() && llvm::all_of(version, [](char c) { return llvm::isDigit(c) || c == '.'; });
}

bool isCFamily(llvm::StringRef language) { return language != kIrLanguage && !isAssembly(language); }

bool isAssembly(llvm::StringRef language) { return language.starts_with("assembler"); }

} // namespace tiercel
