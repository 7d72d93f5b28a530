// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Program headers of a loaded library that name what the engine has mapped, and change with it: who walks
// dl_iterate_phdr, as conservative collectors do for the variables that may refer to their objects, finds the
// program's memory there as it finds that of any library, and runs no code of ours.
//
// Readers hold no lock of ours and may be anywhere in a header while it is changed. So a header belongs to
// one address for ever: only its size changes, by one store, and whether it counts, by one store to its type.
// A reader sees the size before or after a change. What was once shown must therefore stay readable until the
// library is closed, as with any library; only its content may go.
//
// Some readers keep what they found until the loader's counts of libraries that came and went move
// (dlpi_adds, dlpi_subs). changes() is what has to be added to those (link/iterate_headers.h).
//
// Thread rule: one user at a time; readers at any time. Ownership: the headers are the library's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tiercel {

/// Elf64_Phdr. (Its own header and LLVM's do not go together.)
struct ProgramHeader {
  uint32_t type;
  uint32_t flags;
  uint64_t offset;
  uint64_t address;
  uint64_t physicalAddress;
  uint64_t fileSize;
  uint64_t memorySize;
  uint64_t alignment;
};

class SegmentTable {
public:
  enum Flags : uint32_t { Code = 5, Data = 6 }; ///< PF_R | PF_X, PF_R | PF_W
  /// How often a segment of any table came, or went. One that changes its size does both.
  struct Changes {
    std::atomic<uint64_t> adds{0};
    std::atomic<uint64_t> subs{0};
  };

  /// Shows nothing to anybody.
  SegmentTable() = default;
  /// `headers` are zero. Addresses in them are relative to `loadBase`.
  SegmentTable(std::span<ProgramHeader> headers, uintptr_t loadBase)
      : headers_(headers), loadBase_(loadBase) {}

  size_t capacity() const { return headers_.size(); }
  /// A header for what begins there, not shown yet; nothing when there are no more.
  std::optional<size_t> add(const void* begin, Flags flags);
  /// 0: it is not shown.
  void resize(size_t segment, size_t size);
  void hideAll();
  /// Has `other`, which has as many headers, show what this one does, under the same numbers. At every moment
  /// one of them shows it.
  void moveTo(SegmentTable& other);
  bool isOf(std::span<ProgramHeader> headers) const { return headers_.data() == headers.data(); }

  /// Of all tables in the process.
  static const Changes& changes() { return changes_; }

private:
  static Changes changes_;

  std::span<ProgramHeader> headers_;
  uintptr_t loadBase_ = 0;
  size_t used_ = 0;
};

} // namespace tiercel
