// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The allocator of everything an engine makes. One reserved range of addresses, so that code reaches code and
// data with 32-bit offsets (the small code model):
//
//     | code: executable, written through a view somewhere else (code_views.h) | data: read-write |
//
// Freed space is joined with its neighbours and used again, best fit first. Whole pages go back to the system
// when enough of them have come together.
//
// What is mapped is shown by the program headers of the reservation, if it has any: near data up to where it
// has been used, rounded up, code, and each block outside. Such blocks are never unmapped, as somebody may be
// reading them: freed ones lose their pages, and their addresses are for later ones.
//
// Who frees code vouches that no thread is in it or can still get there, and that every thread has been
// through a serialising instruction since it last was: its bytes change at once, to 0xcc, and later to other
// code.
//
// Fork: data is private memory and copied as usual. Code memory is shared with the child (CodeMapping::Dual),
// which could change what the parent runs, whatever rights it gives up. So the pages in use are copied before
// the fork, and the child moves to the copy before fork returns (code_views.h); from then on the two have
// nothing in common, and both go on as usual. Copied by the parent, before: nothing that is in use changes
// while the lock is held, and nobody has to wait for a child that may never run. Threads that are writing to
// blocks of their own meanwhile have no part in it: they do not exist in the child, nor does anybody there
// run those blocks. Until it has moved, the child's thread is in the parent's memory, which the parent may
// change: it must not run code then, and who forks blocks signals.
//
// Thread rule: all members are thread-safe. Ownership: memory lives until it is freed or the arena destroyed.
#pragma once

#include "tiercel/error.h"
#include "tiercel/stats.h"

#include "base/thread_annotations.h"
#include "codemem/code_views.h"
#include "codemem/free_space.h"
#include "codemem/reservation.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace tiercel {

/// Space for code: run it at `exec`, write it at `write` (the same bytes).
struct CodeBlock {
  std::byte* exec = nullptr;
  std::byte* write = nullptr;
  size_t size = 0;
};

struct ArenaOptions;

/// Of the code range, or of the data range near code. Sizes in bytes.
struct MemoryUsage {
  size_t reserved = 0;    ///< of addresses
  size_t committed = 0;   ///< where blocks have been so far; pages in it that were given back included
  size_t used = 0;        ///< by blocks
  size_t free = 0;        ///< holes: committed, and free to use
  size_t lost = 0;        ///< freed but never used again: poisoned
  size_t largestFree = 0; ///< the largest hole
  /// How scattered the holes are: 0 when they are one, near 1 when they are many and small.
  double fragmentation() const {
    return free == 0 ? 0 : 1 - static_cast<double>(largestFree) / static_cast<double>(free);
  }
};

class Arena {
public:
  static constexpr size_t kCodeBytes = size_t(512) << 20;
  static constexpr size_t kDataBytes = size_t(1) << 30;
  /// Globals larger than this live outside, and code reaches them through 64-bit addresses.
  static constexpr size_t kLargestNearData = size_t(16) << 20;
  /// Code blocks begin at multiples of this, so no two share an aligned 8-byte word (call_sites.h).
  static constexpr size_t kCodeGranule = 16;

  /// Of addresses that it takes; some are for alignment.
  static constexpr size_t kReservedBytes = kCodeBytes + kDataBytes + kLargestNearData;

  /// `reservation`: kReservedBytes; null for one of its own, which nobody is told of.
  static Result<std::unique_ptr<Arena>> create(const ArenaOptions& options,
                                               std::unique_ptr<Reservation> reservation = nullptr);
  static Result<std::unique_ptr<Arena>> create();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `alignment` a power of two, at most a page. The contents are undefined.
  Result<CodeBlock> allocateCode(size_t size, size_t alignment) TIERCEL_EXCLUDES(mutex_);
  /// At this very address, a multiple of kCodeGranule, if nothing is there.
  Result<CodeBlock> allocateCodeAt(std::byte* exec, size_t size) TIERCEL_EXCLUDES(mutex_);
  void freeCode(const CodeBlock& block) TIERCEL_EXCLUDES(mutex_);
  /// Zeroed. Large requests, and any when the near range is full, are served outside it: see isNear.
  Result<std::byte*> allocateData(size_t size, size_t alignment) TIERCEL_EXCLUDES(mutex_);
  /// `size` and `alignment` as they were asked for.
  void freeData(std::byte* data, size_t size, size_t alignment) TIERCEL_EXCLUDES(mutex_);

  /// What is mapped may be shown by headers of another image than the reservation's, one that has
  /// thread-locals: some readers look for both in one. How many headers it should have; 0: one does so
  /// already.
  size_t headersForOtherImage() TIERCEL_EXCLUDES(mutex_);
  void showByOtherImage(std::span<ProgramHeader> headers, uintptr_t loadBase) TIERCEL_EXCLUDES(mutex_);
  /// Before the headers go, if it is these.
  void leaveOtherImage(std::span<ProgramHeader> headers) TIERCEL_EXCLUDES(mutex_);

  bool isCode(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) < kCodeBytes;
  }
  /// Within reach of a 32-bit offset from all code.
  bool isNear(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) <
           kCodeBytes + kDataBytes;
  }
  std::byte* codeBase() const { return base_; }
  CodeMapping mapping() const { return views_.mapping(); }
  /// Near or not, as asked for.
  uint64_t dataBytesUsed() const { return dataUsed_.load(std::memory_order_relaxed); }
  MemoryUsage codeUsage() TIERCEL_EXCLUDES(mutex_);
  MemoryUsage dataUsage() TIERCEL_EXCLUDES(mutex_); ///< of the near range

  /// To be held across fork, so that the child's copy of the bookkeeping is whole.
  Mutex& forkMutex() { return mutex_; }
  /// Before the fork, in the parent after it, and in the child, all with forkMutex held. They use no heap: a
  /// program may fork in a handler that interrupted its allocator.
  void copyForFork() TIERCEL_REQUIRES(mutex_);
  void dropForkCopy() TIERCEL_REQUIRES(mutex_);
  /// False: there was no memory for a copy. The child must end, without running code.
  [[nodiscard]] bool moveToForkCopy() TIERCEL_REQUIRES(mutex_);
  /// No fork copies it any more: children have nothing in its place.
  void hideFromChildren() TIERCEL_EXCLUDES(mutex_);

private:
  struct Outside {
    std::byte* base;
    size_t size;
    std::optional<size_t> segment; ///< its program header
  };

  Arena(std::unique_ptr<Reservation> reservation, const ArenaOptions& options);
  Status open(bool singleMapping) TIERCEL_EXCLUDES(mutex_);
  Status checkLimit(size_t size) const TIERCEL_REQUIRES(mutex_);
  Status mapCodeUpTo(size_t end) TIERCEL_REQUIRES(mutex_);
  void addCode(size_t size) TIERCEL_REQUIRES(mutex_); ///< that was mapped
  CodeBlock handOut(size_t offset, size_t space, size_t size) TIERCEL_REQUIRES(mutex_);
  void poison(size_t offset, size_t size) TIERCEL_REQUIRES(mutex_);
  template <typename GiveBack>
  void reclaim(FreeSpace& space, size_t begin, size_t size, std::byte* view, std::byte fill,
               GiveBack giveBack) TIERCEL_REQUIRES(mutex_);
  Result<std::byte*> allocateOutside(size_t size, size_t alignment) TIERCEL_REQUIRES(mutex_);
  std::optional<Outside> takeSpare(size_t size, size_t alignment) TIERCEL_REQUIRES(mutex_);
  void freeOutside(std::byte* data) TIERCEL_REQUIRES(mutex_);
  void showNearData() TIERCEL_REQUIRES(mutex_);
  SegmentTable& segments() TIERCEL_REQUIRES(mutex_) {
    return otherTable_ ? *otherTable_ : reservation_->segments();
  }

  const std::unique_ptr<Reservation> reservation_;
  std::byte* const base_;
  const size_t codeLimit_;
  const bool poisonFreed_;
  const size_t pageBytes_; ///< the unit of giving back
  CodeViews views_;        ///< its pages change under the lock only
  Mutex mutex_;
  FreeSpace freeCode_ TIERCEL_GUARDED_BY(mutex_); ///< of what is mapped; offsets from base_
  FreeSpace poisoned_ TIERCEL_GUARDED_BY(mutex_);
  std::unordered_map<size_t, size_t> blocks_ TIERCEL_GUARDED_BY(mutex_); ///< code in use: offset and size
  size_t codeMapped_ TIERCEL_GUARDED_BY(mutex_) = 0;
  size_t codeUsed_ TIERCEL_GUARDED_BY(mutex_) = 0;
  FreeSpace freeData_ TIERCEL_GUARDED_BY(mutex_); ///< offsets from the data range; all of it is zero
  std::map<std::byte*, Outside> outside_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<Outside> spare_ TIERCEL_GUARDED_BY(mutex_); ///< mapped, zero, not shown
  std::optional<size_t> codeSegment_ TIERCEL_GUARDED_BY(mutex_);
  std::optional<size_t> dataSegment_ TIERCEL_GUARDED_BY(mutex_);
  std::optional<SegmentTable> otherTable_ TIERCEL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> dataUsed_{0};
};

struct ArenaOptions {
  size_t codeLimit = Arena::kCodeBytes; ///< of bytes in use by code
  bool hugePages = false;               ///< ask for huge pages, for code and data
  bool singleMapping = false;           ///< as if the system refused to map code twice
  /// Freed code is never used again but traps when it is run.
  bool poisonFreed = false;
};

} // namespace tiercel
