// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct calls between functions, and the one way to publish code. For every function the places that call
// it directly are known (its users), so that all of them can be turned to its next version.
//
// A direct call or jump is six bytes, in one of two forms; the operand lies at offset 2 or 1:
//
//     67 e8 rel32       addr32 call rel32: the prefix means nothing here
//     e8 rel32 90       call rel32 ; nop
//
// The form is chosen so that the operand lies within one naturally aligned 8-byte word. Two positions of
// eight have no such form: there the same six bytes are `call *cell(%rip)` (ff 15 disp32) and never change.
// The conditional jump of a tail call (0f 8x rel32) has one position; where it does not fit it goes to the
// stub.
//
// Changing an operand while other threads execute the instruction (cross-modifying code):
//  - It is one 8-byte store to an aligned word, through the writable mapping. Such stores, and smaller ones
//    within such a word, are atomic for every observer (Intel SDM volume 3A, 9.1.1; AMD APM volume 2, 7.3.2).
//    The bytes around the operand are written with the value they have.
//  - A processor that executes the instruction meanwhile takes the old target or the new one. Intel (9.1.3)
//    promises that only after a serialising instruction, but every processor fetches the bytes of such a
//    store together, and all that patch code rely on it: HotSpot's aligned call operands, for one.
//  - Old and new target are both right: the old version stays callable. It is not freed while a thread could
//    still fetch the old operand. Who frees code must first have made every thread serialise, which a signal
//    to it does, and must first remove the freed code's own sites from here.
//  - Instruction caches are coherent by physical address, so the other mapping does not matter to other
//    processors. Publishing promises only that the cell is written first and that each thread goes to the new
//    version soon: what it has fetched already it executes.
//
// Order: under one lock a link reads the cell, writes the operand and enters the site; a publication stores
// the cell and then turns the sites. So a site entered before a publication is turned by it, and one entered
// after it was aimed at what it stored. The target's code needs no more than for calls through the cell: it
// was complete, and never executed at its address, before the first store that leads to it.
//
// Fork: the child moves to a copy of the code in use, at the same addresses (arena.h), made under this lock:
// it has all sites, aimed at what it has, and turns its own.
//
// Thread rule: any thread, not from a signal handler. Ownership: sites belong to the code memory they lie in.
#pragma once

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "codemem/function_table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace tiercel {

/// The four bytes that say where a direct call or jump goes, as executed and as written.
struct CallSite {
  FunctionId callee;
  std::byte* exec = nullptr;
  std::byte* write = nullptr;
};

enum class CallForm { Prefixed, Padded, ThroughCell };

/// Whether four bytes at `operand` lie within an aligned 8-byte word.
constexpr bool isPatchable(uintptr_t operand) { return operand % 8 <= 4; }

/// What the six bytes at `instruction` can be.
constexpr CallForm callFormAt(uintptr_t instruction) {
  if (isPatchable(instruction + 2))
    return CallForm::Prefixed;
  return isPatchable(instruction + 1) ? CallForm::Padded : CallForm::ThroughCell;
}

class CallSites {
public:
  CallSites(const Arena& arena, FunctionTable& functions) : arena_(arena), functions_(functions) {}

  /// Makes `code` what calls of the function reach: stores it in the cell and turns all direct calls, whose
  /// number it returns.
  size_t publish(FunctionId function, void* code) TIERCEL_EXCLUDES(mutex_);
  /// Aims the sites, which must be patchable, at the newest code of their callees and keeps them up to date
  /// from now on. Before the code that they lie in is published.
  void add(std::span<const CallSite> sites) TIERCEL_EXCLUDES(mutex_);
  /// Forgets all calls of `callees` that lie in one of `blocks`, before these are freed. `blocks` is sorted
  /// and does not overlap. One pass over the users of each callee, however many blocks there are.
  void remove(std::span<const FunctionId> callees, std::span<const CodeBlock> blocks)
      TIERCEL_EXCLUDES(mutex_);
  /// Where a function is called directly.
  std::vector<const std::byte*> users(FunctionId callee) TIERCEL_EXCLUDES(mutex_);

  Mutex& forkMutex() { return mutex_; }

private:
  struct Site {
    std::byte* exec;
    std::byte* write;
  };

  /// What direct calls of a function aim at: code out of reach, and the lack of code, are left to the stub.
  std::byte* target(FunctionId function) const;
  static void aim(const Site& site, const std::byte* target);

  const Arena& arena_;
  FunctionTable& functions_;
  Mutex mutex_; ///< innermost: held for a few stores, never while another is taken
  std::unordered_map<uint32_t, std::vector<Site>> users_ TIERCEL_GUARDED_BY(mutex_); ///< by callee
};

} // namespace tiercel
