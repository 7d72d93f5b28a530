// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the frames of a code object known to the unwinder, with libgcc's own registration: the lookup of
// link/unwind.h finds no engine and asks libgcc, so this needs none. (It costs libgcc a search per object,
// which is why engines do it differently.)
// Thread rule: thread-safe.
#pragma once

namespace tiercel {

class FrameRegistration {
public:
  FrameRegistration() = default;
  /// `frames`: an .eh_frame section with a terminator, or null. It must outlive the registration.
  explicit FrameRegistration(void* frames);
  FrameRegistration(FrameRegistration&& other) noexcept;
  FrameRegistration& operator=(FrameRegistration&& other) noexcept;
  ~FrameRegistration();

private:
  void* frames_ = nullptr;
};

} // namespace tiercel
