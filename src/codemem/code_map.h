// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an address to the code it lies in: which function, which version, which unwind entry. Asked by the
// unwinder on every frame of every exception, by messages that name a caller, and by dladdr; possibly in
// signal handlers. So lookups take no lock and allocate nothing.
//
// Each 4 KiB page of the code range has a list of the ranges that touch it. Lists grow at the head with a
// release store; nodes are immutable until they are used again.
//
// Removal under readers that take no lock: a node is taken out of its list (its own link stays, so a reader
// that stands on it finds its way on) and may be used again at once, for another range in another list. Nodes
// are never freed, so who follows a link comes to a node, and all words of nodes are atomic. Before a node is
// used again the map counts that, and readers compare the count after everything that they have read: if it
// has changed since they began, they begin again. Whoever has read a word of the new use, stored with release
// after the count, sees the new count. So a reader goes on only if no node has changed under it, and what it
// finds was in the map while it looked.
//
// Readers leave nothing behind: a handler of the program's that interrupts the unwinder may siglongjmp out of
// a lookup, and a thread may end in one.
//
// Thread rule: lookup from anywhere, also while a lookup of the same thread is interrupted; add() and
// remove() are serialised by the map itself. Who removes code must know that nobody runs it.
#pragma once

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/arena.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tiercel {

struct CodeRange {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  FunctionId function; ///< invalid for code that came in objects, and stubs
  uint8_t tier = 0;
  std::string_view name;     ///< lives as long as the engine
  const void* fde = nullptr; ///< its DWARF frame description entry, or null if nothing unwinds through it

  /// Code that the engine wrote itself.
  static CodeRange stub(const std::byte* begin, const std::byte* end, const void* fde) {
    return {begin, end, {}, 0, {}, fde};
  }
};

class CodeMap {
public:
  explicit CodeMap(const Arena& arena);
  ~CodeMap();

  void add(const CodeRange& range) TIERCEL_EXCLUDES(mutex_);
  /// Takes out all ranges that begin in [begin, end).
  void remove(const std::byte* begin, const std::byte* end) TIERCEL_EXCLUDES(mutex_);
  /// Nothing when `address` is not in code of this engine.
  std::optional<CodeRange> lookup(const void* address) const;

  Mutex& forkMutex() { return mutex_; }

private:
  struct Node {
    /// The range, which may be stored while it is loaded, into something that nobody uses then.
    std::array<std::atomic<uint64_t>, sizeof(CodeRange) / sizeof(uint64_t)> words;
    std::atomic<Node*> next;
    void store(const CodeRange& range);
    CodeRange load() const;
  };
  static_assert(sizeof(CodeRange) % sizeof(uint64_t) == 0 && std::is_trivially_copyable_v<CodeRange>);
  static constexpr size_t kPageBits = 12;
  static constexpr size_t kPages = Arena::kCodeBytes >> kPageBits;

  size_t pageOf(const std::byte* address) const {
    return static_cast<size_t>(address - arena_.codeBase()) >> kPageBits;
  }

  const Arena& arena_;
  std::atomic<Node*>* pages_;       ///< kPages zeroed heads, mapped: only touched pages cost memory
  std::atomic<uint64_t> reuses_{0}; ///< of nodes that readers may stand on
  Mutex mutex_;
  std::deque<Node> nodes_ TIERCEL_GUARDED_BY(mutex_); ///< all that were ever made
  std::vector<Node*> free_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
