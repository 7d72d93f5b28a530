// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a file that somebody named to bytes that the engine can use. Binary kinds are found out from the
// content, the language of a text as language.h says.
// Thread rule: free functions without shared state.
#pragma once

#include "tiercel/error.h"
#include "tiercel/module.h"
#include "tiercel/options.h"

#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class Module;
}

namespace tiercel {

enum class InputKind { Bitcode, Object, Archive, SharedLibrary };

struct Input {
  InputKind kind;
  std::string name;                          ///< path, or path(member)
  std::unique_ptr<llvm::MemoryBuffer> bytes; ///< empty for shared libraries, which are opened by name
  bool verified = false;                     ///< it was IR in memory, which the verifier has seen
};

/// Reads a file. Textual IR is parsed, verified and turned into bitcode; C and C++ are compiled by the
/// installed clang 22 into IR that is not optimised but may be, assembly into an object.
Result<Input> readInput(const std::string& path, const FrontendOptions& options = {});
/// The same for bytes in memory that are no source, as of an archive.
Result<Input> classifyInput(std::unique_ptr<llvm::MemoryBuffer> bytes, const std::string& name);

/// A file, or bytes in memory of any kind but shared libraries.
Result<Input> readSource(const Source& source, const FrontendOptions& options);

/// Verifies and serialises a module.
Result<Input> inputFromModule(const llvm::Module& module, const std::string& name);

/// A member of a static archive and the symbols it defines.
struct ArchiveMember {
  Input input;
  std::vector<std::string> defines;
  bool added = false;
  std::string module = {}; ///< that the archive was added as; empty: each member is one
};
/// All members that are bitcode or objects. An archive without a symbol table is an error, as for ld.
Result<std::vector<ArchiveMember>> readArchive(const Input& archive);

/// The path of `-lNAME`: libNAME.so or libNAME.a in `directories`, then in the system's library folders.
/// Linker scripts are followed. Empty when the C library itself provides it (pthread, dl, rt, …).
Result<std::string> findLibrary(const std::string& name, const std::vector<std::string>& directories);

} // namespace tiercel
