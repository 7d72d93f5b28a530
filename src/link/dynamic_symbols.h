// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What native shared libraries say about themselves: the names through which they and the program can meet,
// and where their thread-locals are.
//
// Thread rule: any thread. Ownership: plain values.
#pragma once

#include "tiercel/error.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

/// The names that the library at `path` looks up when it is loaded, so that a definition in the program can
/// take their place: those of its dynamic symbols, undefined or defined, that are not local and have default
/// visibility. A name with several versions comes several times.
Result<std::vector<std::string>> dynamicSymbolNames(const std::string& path);

/// A thread-local variable, in any thread: its address there is __tls_get_addr({tlsModule, offset}).
struct ThreadLocalPlace {
  size_t tlsModule = 0;
  size_t offset = 0;
};

/// The place of a thread-local of the executable or of a loaded library, given its address in the calling
/// thread (which is what dlsym returns). Nothing when no such variable is there.
std::optional<ThreadLocalPlace> findThreadLocal(const void* addressInThisThread);

} // namespace tiercel
