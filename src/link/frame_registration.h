// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the frames of code that belongs to no engine known to the unwinder, through the lookup of
// link/unwind.h. Where that does not come first, libgcc's __register_frame is all there is; it takes a
// function whose address ends in 32 zero bits for one that the linker has dropped, and does not unwind it.
// Thread rule: thread-safe. Lookups may run in signal handlers, and a handler that interrupts the unwinder
// may leave it by siglongjmp, so registrations and lookups block signals while they hold the lock.
#pragma once

#include <cstddef>
#include <vector>

namespace tiercel {

struct FrameRange {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  const void* fde = nullptr;
};

/// The frames of one piece of memory.
class FrameRegistration {
public:
  /// `ranges` are sorted and do not overlap. `section`: the whole .eh_frame, with a terminator. Both may be
  /// nothing.
  FrameRegistration(std::vector<FrameRange> ranges, void* section);
  ~FrameRegistration();
  FrameRegistration(const FrameRegistration&) = delete;
  FrameRegistration& operator=(const FrameRegistration&) = delete;

  /// Among all that are registered; its `fde` is null if there is none.
  static FrameRange find(const void* address);

private:
  const std::vector<FrameRange> ranges_;
  void* const section_;
};

} // namespace tiercel
