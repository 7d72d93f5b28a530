// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/frame_registration.h"

#include "link/unwind.h"

#include <dlfcn.h>
#include <utility>

namespace tiercel {

namespace {

using Change = void (*)(void*);

/// Of the library whose lookup is asked: the one behind ours, if ours comes first.
Change find(const char* name) {
  void* const from = UnwindRegistration::isInterposed() ? RTLD_NEXT : RTLD_DEFAULT;
  return reinterpret_cast<Change>(dlsym(from, name));
}

} // namespace

FrameRegistration::FrameRegistration(void* frames) : frames_(frames) {
  static const Change add = find("__register_frame");
  if (frames_ && add)
    add(frames_);
}

FrameRegistration::FrameRegistration(FrameRegistration&& other) noexcept
    : frames_(std::exchange(other.frames_, nullptr)) {}

FrameRegistration& FrameRegistration::operator=(FrameRegistration&& other) noexcept {
  std::swap(frames_, other.frames_);
  return *this;
}

FrameRegistration::~FrameRegistration() {
  static const Change remove = find("__deregister_frame");
  if (frames_ && remove)
    remove(frames_);
}

} // namespace tiercel
