// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory for closures of one kind: slots, and for each a thunk, which loads the slot's address and jumps to
// its target. Thunks are written before their pages become executable and never change; making a closure only
// writes its slot.
//
//     thunk, by an argument:   lea slot(%rip), %argument ; jmp *slot(%rip)
//     thunk, on the stack:     lea slot(%rip), %r11      ; jmp *common(%rip)     -> stack_entry.S
//
// The code must not share cache lines or pages with data that is written while it runs, so slots follow
// behind all thunks. Thread rule: a value; handing out slots is for its owner to guard. Ownership: the memory
// is never given back, because a pointer to a freed closure may still be called and has to arrive somewhere.
#pragma once

#include "tiercel/detail/closure_slot.h"

#include <cstddef>
#include <cstdint>

namespace tiercel {

class SlotRegion {
public:
  static constexpr size_t kThunkBytes = 16;

  /// Thunks and untouched slots: `codeBytes`, a multiple of the page size, are for `codeBytes` / 16 - 1 of
  /// them.
  static Result<SlotRegion> make(detail::ClosureKind kind, size_t codeBytes);
  SlotRegion() = default;

  /// A slot that nobody had so far, with its code set; null if there are no more.
  detail::ClosureSlot* next();

private:
  SlotRegion(const std::byte* thunk, detail::ClosureSlot* slot, size_t left)
      : thunk_(thunk), slot_(slot), left_(left) {}

  const std::byte* thunk_ = nullptr;
  detail::ClosureSlot* slot_ = nullptr;
  size_t left_ = 0;
};

} // namespace tiercel
