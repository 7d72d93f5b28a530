// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an address to the code it lies in: which function, which version, which unwind entry. Asked by the
// unwinder on every frame of every exception, by messages that name a caller, and by dladdr; possibly in
// signal handlers. So lookups take no lock and allocate nothing.
//
// Each 4 KiB page of the code range has a list of the ranges that touch it. Lists grow at the head with a
// release store; entries are immutable and live as long as the map.
//
// Thread rule: lookup from anywhere; add() is serialised by the map itself.
#pragma once

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/arena.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

namespace tiercel {

struct CodeRange {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  FunctionId function; ///< invalid for code that came in objects
  uint8_t tier = 0;
  std::string_view name;     ///< lives as long as the engine
  const void* fde = nullptr; ///< its DWARF frame description entry, or null if nothing unwinds through it
};

class CodeMap {
public:
  explicit CodeMap(const Arena& arena);
  ~CodeMap();

  void add(const CodeRange& range) TIERCEL_EXCLUDES(mutex_);
  /// Null when `address` is not in code of this engine.
  const CodeRange* lookup(const void* address) const;

  Mutex& forkMutex() { return mutex_; }

private:
  struct Node {
    const CodeRange* range;
    Node* next;
  };
  static constexpr size_t kPageBits = 12;
  static constexpr size_t kPages = Arena::kCodeBytes >> kPageBits;

  const Arena& arena_;
  std::atomic<Node*>* pages_; ///< kPages zeroed heads, mapped: only touched pages cost memory
  Mutex mutex_;
  std::deque<CodeRange> ranges_ TIERCEL_GUARDED_BY(mutex_);
  std::deque<Node> nodes_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
