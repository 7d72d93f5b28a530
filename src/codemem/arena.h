// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One reserved range of addresses for everything an engine makes, so that code reaches code and data with
// 32-bit offsets (the small code model):
//
//     | code: executable view of shared memory, never writable here | data: read-write, never executable |
//
// Code is written through a second, writable mapping of the same memory somewhere else, so no page is ever
// writable and executable at one address. None of it takes a file descriptor: the program may have used up
// its own.
//
// Fork: data is private memory and copied as usual. Code memory is shared with the child, which is right
// for code that exists and wrong for code yet to be written: the child must call abandonOpenSegment before it
// allocates, and then writes to memory of its own. Parents go on as before; a child never looks at space that
// was free when it was made.
//
// Thread rule: all members are thread-safe. Ownership: memory lives until the arena is destroyed.
#pragma once

#include "tiercel/error.h"

#include "base/thread_annotations.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tiercel {

/// Space for code: run it at `exec`, write it at `write` (the same bytes).
struct CodeBlock {
  std::byte* exec = nullptr;
  std::byte* write = nullptr;
  size_t size = 0;
};

class Arena {
public:
  static constexpr size_t kCodeBytes = size_t(512) << 20;
  static constexpr size_t kDataBytes = size_t(1) << 30;
  /// Globals larger than this live outside, and code reaches them through 64-bit addresses.
  static constexpr size_t kLargestNearData = size_t(16) << 20;

  static Result<std::unique_ptr<Arena>> create();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `alignment` a power of two, at most a page. No two blocks share an aligned 8-byte word.
  Result<CodeBlock> allocateCode(size_t size, size_t alignment) TIERCEL_EXCLUDES(mutex_);
  /// Zeroed. Large requests, and any when the near range is full, are served outside it: see isNear.
  Result<std::byte*> allocateData(size_t size, size_t alignment) TIERCEL_EXCLUDES(mutex_);

  void freeCode(const CodeBlock&) {}
  void freeData(std::byte*, size_t, size_t) {}

  bool isCode(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) < kCodeBytes;
  }
  /// Within reach of a 32-bit offset from all code.
  bool isNear(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) <
           kCodeBytes + kDataBytes;
  }
  std::byte* codeBase() const { return base_; }
  uint64_t dataBytesUsed() const { return dataUsed_.load(std::memory_order_relaxed); }

  /// To be held across fork, so that the child's copy of the bookkeeping is whole.
  Mutex& forkMutex() { return mutex_; }
  /// In the child only, with forkMutex held.
  void abandonOpenSegment() TIERCEL_REQUIRES(mutex_);

private:
  struct Segment {
    std::byte* exec;
    std::byte* write;
    size_t size;
  };
  struct Outside {
    void* base;
    size_t size;
  };

  explicit Arena(std::byte* base) : base_(base) {}
  Status openSegment(size_t atLeast) TIERCEL_REQUIRES(mutex_);

  std::byte* const base_;
  Mutex mutex_;
  std::vector<Segment> segments_ TIERCEL_GUARDED_BY(mutex_); ///< the last one is open
  size_t segmentUsed_ TIERCEL_GUARDED_BY(mutex_) = 0;        ///< bytes of the open one
  size_t codeMapped_ TIERCEL_GUARDED_BY(mutex_) = 0;
  size_t dataCursor_ TIERCEL_GUARDED_BY(mutex_) = 0;
  std::vector<Outside> outside_ TIERCEL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> dataUsed_{0};
};

} // namespace tiercel
