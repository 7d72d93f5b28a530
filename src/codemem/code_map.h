// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an address to the code it lies in: which function, which version, which unwind entry. Asked by the
// unwinder on every frame of every exception, by messages that name a caller, and by dladdr; possibly in
// signal handlers. So lookups take no lock and allocate nothing.
//
// Each 4 KiB page of the code range has a list of the ranges that touch it. Lists grow at the head with a
// release store; entries are immutable until they are removed with the code that they describe.
//
// Removal under readers that take no lock: an entry is taken out of its list first (its own link stays, so a
// reader that stands on it finds its way on) and its memory is used again only after a moment at which no
// reader was inside, seen after it was taken out. Both sides are sequentially consistent: a reader counts
// itself in before it loads the head of a list, so one that the remover did not see counted loads the lists
// after the remover changed them. Readers stay for some tens of nanoseconds, so such moments are frequent.
//
// Thread rule: lookup from anywhere, also while a lookup of the same thread is interrupted; add() and
// remove() are serialised by the map itself. Who removes code must know that nobody runs it.
#pragma once

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/arena.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
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
  /// In a forked child: readers among the threads that it does not have are gone.
  void forgetReaders() { readers_.store(0, std::memory_order_relaxed); }

private:
  struct Node {
    CodeRange range;
    std::atomic<Node*> next;
  };
  static constexpr size_t kPageBits = 12;
  static constexpr size_t kPages = Arena::kCodeBytes >> kPageBits;

  size_t pageOf(const std::byte* address) const {
    return static_cast<size_t>(address - arena_.codeBase()) >> kPageBits;
  }
  /// Makes removed nodes available again if nobody can still stand on one.
  void recycle() TIERCEL_REQUIRES(mutex_);

  const Arena& arena_;
  std::atomic<Node*>* pages_; ///< kPages zeroed heads, mapped: only touched pages cost memory
  mutable std::atomic<int64_t> readers_{0};
  Mutex mutex_;
  std::deque<Node> nodes_ TIERCEL_GUARDED_BY(mutex_);     ///< all that were ever made
  std::vector<Node*> removed_ TIERCEL_GUARDED_BY(mutex_); ///< readers may stand on them
  std::vector<Node*> free_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
