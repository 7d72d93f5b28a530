// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What native shared libraries say about themselves: the names through which they and the program can meet,
// and where their thread-locals are.
//
// Thread rule: any thread. Ownership: plain values.
#pragma once

#include "tiercel/error.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

/// A name through which a library and the program can meet: not local, of default visibility. A name with
/// several versions comes several times.
struct DynamicSymbol {
  llvm::StringRef name; ///< in the library's bytes
  bool isDefined;       ///< else the library looks for it elsewhere
  bool isMergeable;     ///< defined, weak or unique: all that define it mean the same, and one shall count
};

struct DynamicLibrary {
  std::unique_ptr<llvm::MemoryBuffer> bytes;
  std::vector<DynamicSymbol> symbols;
  std::vector<std::string> needed;  ///< sonames, or paths
  std::string searchFirst;          ///< folders for what it needs (DT_RPATH), with colons between them
  std::string searchBeforeDefaults; ///< the same that come after LD_LIBRARY_PATH (DT_RUNPATH)
};

Result<DynamicLibrary> readDynamicLibrary(const std::string& path);

/// An error if the file lacks bytes that it says shall be loaded: the loader maps them all the same, and who
/// touches them gets SIGBUS. What else is wrong with a file the loader refuses itself.
Status checkNotCutShort(const std::string& path);

/// A thread-local variable, in any thread: its address there is __tls_get_addr({tlsModule, offset}).
struct ThreadLocalPlace {
  size_t tlsModule = 0;
  size_t offset = 0;
  /// In the static block: from the thread pointer, the same in every thread.
  std::optional<int64_t> distance = std::nullopt;
};

/// The place of a thread-local of the executable or of a loaded library, given its address in the calling
/// thread (which is what dlsym returns). Nothing when no such variable is there.
std::optional<ThreadLocalPlace> findThreadLocal(const void* addressInThisThread);

} // namespace tiercel
