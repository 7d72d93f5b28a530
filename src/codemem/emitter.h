// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the few instructions of stubs and thunks. Thread rule: one user at a time.
#pragma once

#include "codemem/arena.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace tiercel {

/// Emits through the writable view of a block, computing displacements from the executable one.
class Emitter {
public:
  explicit Emitter(const CodeBlock& block) : block_(block) {}

  std::byte* here() const { return block_.exec + offset_; }
  void bytes(std::initializer_list<uint8_t> list) {
    for (uint8_t byte : list)
      block_.write[offset_++] = std::byte{byte};
  }
  template <typename T> void value(T v) {
    memcpy(block_.write + offset_, &v, sizeof v);
    offset_ += sizeof v;
  }
  void relative32(const void* target) {
    const intptr_t distance = reinterpret_cast<intptr_t>(target) - reinterpret_cast<intptr_t>(here() + 4);
    assert(distance == static_cast<int32_t>(distance));
    value(static_cast<int32_t>(distance));
  }
  void align(size_t alignment) {
    while (offset_ % alignment)
      bytes({0xcc});
  }
  /// push 14(%rip) ; jmp *0(%rip) ; .quad target ; .quad pushed. Changes no register.
  void farJumpPushing(const void* target, const void* pushed) {
    bytes({0xff, 0x35, 14, 0, 0, 0});
    farJump(target);
    value(reinterpret_cast<uint64_t>(pushed));
  }
  /// jmp *0(%rip) ; .quad target
  void farJump(const void* target) {
    bytes({0xff, 0x25, 0, 0, 0, 0});
    value(reinterpret_cast<uint64_t>(target));
  }

private:
  const CodeBlock& block_;
  size_t offset_ = 0;
};

} // namespace tiercel
