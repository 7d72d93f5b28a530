// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program's exported symbols and thread-locals, handed to the C library as a shared object that we generate
// in memory and dlopen. From then on native rules hold without code of ours: dlsym and the symbol references
// of libraries loaded later find the program's symbols, and every thread, running or yet to start, gets its
// block of thread-locals from glibc, initialised and freed like those of any library.
//
// The object holds no code and needs no relocation: symbols are absolute addresses, which glibc 2.28 and
// later return as they are. It is mapped read-only, which glibc 2.35 and later accept.
//
// What a global library can not do is take the place of symbols in libraries that are loaded already, or come
// before one that defines the same name and was loaded earlier.
//
// Thread rule: any thread. Ownership: the caller may close the handle when no thread uses its thread-locals
// any more. glibc keeps a library, and goes on finding its symbols, as long as any library is loaded that
// found one in it: so what they name must live until the process ends, or not be exported globally.
#pragma once

#include "tiercel/error.h"

#include "codemem/segment_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tiercel {

struct ExportedSymbol {
  std::string name; ///< any bytes but NUL
  const void* address = nullptr;
  bool isFunction = false;
  /// A thread-local of the library's own block, at this offset; instead of an address.
  std::optional<size_t> threadLocal = std::nullopt;
};

/// What each thread's block of thread-locals looks like at first.
struct ThreadTemplate {
  std::vector<std::byte> initial; ///< the first bytes; the rest, up to `size`, is zero
  size_t size = 0;
  size_t alignment = 1; ///< a power of two
  /// In the static block, where it has one distance from the thread pointer in all threads. Fails when that
  /// is full; there is room for some 1.5 KB of all libraries that are loaded after the process has started.
  bool isStatic = false;
};

/// Program headers that the caller may fill in while the library is loaded (SegmentTable).
struct SpareSegments {
  size_t headers = 0;
  /// So many bytes behind what is in the file are the library's, for the caller to map memory at. When it is
  /// closed, the loader unmaps them, whatever is there by then.
  size_t addresses = 0;
  /// If not null: the load base is at a lower address than this, as some readers take for granted of what
  /// headers name.
  const void* above = nullptr;
};

struct SyntheticLibrary {
  void* handle = nullptr; ///< for dlsym
  /// An address in the current thread's block is __tls_get_addr({tlsModule, offset}). 0 when there is no
  /// template or its size is 0.
  size_t tlsModule = 0;
  std::optional<int64_t> distance; ///< of a static block from the thread pointer
  // Of spare segments:
  std::span<ProgramHeader> segments; ///< all zero; addresses in them are relative to `loadBase`
  uintptr_t loadBase = 0;
  std::byte* reserved = nullptr; ///< the addresses, if any
};

/// `soname` is what dlopen(soname) would find the library under: choose one that no real library has. The
/// names of `exports` are distinct. `thread` and `spare` may be null. With `global`, everyone sees the
/// exports; otherwise only the handle leads to them.
Result<SyntheticLibrary> loadSyntheticLibrary(const std::string& soname,
                                              std::span<const ExportedSymbol> exports,
                                              const ThreadTemplate* thread, bool global,
                                              const SpareSegments* spare = nullptr);
/// When no thread uses its thread-locals any more. Takes the loader's lock.
void closeSyntheticLibrary(void* handle);
/// What only the handle led to is for everyone from now on.
Status makeGlobal(void* handle);

} // namespace tiercel
