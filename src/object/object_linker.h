// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Relocatable code into a client's memory, by JITLink. The same code gives the same sections with the same
// layout every time, so that offsets into the writable section mean the same after a move.
// Thread rule: any thread; links share nothing.
#pragma once

#include "tiercel/code_object.h"

#include "link/frame_registration.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tiercel {

/// The address of what is outside the object. Null with a value: a weak reference that nothing defines.
using BindSymbol = llvm::function_ref<std::optional<void*>(llvm::StringRef name, bool weak)>;

struct LinkedCode {
  SectionSizes sizes;
  Placement place;
  llvm::StringMap<std::byte*> symbols; ///< run addresses of named definitions
  std::vector<FrameRange> frames;      ///< by address
  void* frameSection = nullptr;        ///< .eh_frame; null if there is none

  /// Bytes of the writable section that the linker computed.
  struct Fixup {
    uint64_t offset;
    uint64_t value; ///< the first `size` bytes
    uint8_t size;
  };
  std::vector<Fixup> fixups; ///< by offset
};

/// `prepare` may change what is written before it is protected. On failure the memory is released.
Result<LinkedCode> linkCode(llvm::MemoryBufferRef object, CodeMemory& memory, BindSymbol bind,
                            llvm::function_ref<Status(const LinkedCode&)> prepare);

} // namespace tiercel
