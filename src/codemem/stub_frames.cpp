// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/stub_frames.h"

#include <cstddef>
#include <cstdint>

namespace tiercel {

namespace {

// DWARF 5, 6.4.2 and 7.7.1; registers of the x86-64 psABI, 3.6.2.
enum : uint8_t {
  kDefCfa = 0x0c,           // DW_CFA_def_cfa register, offset
  kDefCfaOffset = 0x0e,     // DW_CFA_def_cfa_offset offset
  kDefCfaExpression = 0x0f, // DW_CFA_def_cfa_expression length, operations
  kAdvance = 0x40,          // DW_CFA_advance_loc | distance
  kOffset = 0x80,           // DW_CFA_offset | register, offset / -8
  kNop = 0x00,
  kAnd = 0x1a,
  kPlus = 0x22,
  kShiftLeft = 0x24,
  kAtLeast = 0x2a,
  kLiteral = 0x30,  // DW_OP_lit0 + value
  kRegister = 0x70, // DW_OP_breg0 + register, offset
  kStackPointer = 7,
  kReturnAddress = 16, // and the instruction pointer
};

struct [[gnu::packed]] Cie {
  uint32_t length = sizeof(Cie) - 4;
  uint32_t id = 0;
  uint8_t version = 1;
  char augmentation = '\0';
  uint8_t codeAlignment = 1;
  uint8_t dataAlignment = 0x78; // -8
  uint8_t returnAddress = kReturnAddress;
  uint8_t initial[7] = {kDefCfa, kStackPointer, 8, kOffset | kReturnAddress, 1, kNop, kNop};
};

/// A common entry, and one that refers to it. Who looks it up takes the beginning of the code from the code
/// map.
template <size_t N> struct [[gnu::packed]] Frame {
  Cie cie;
  uint32_t length = sizeof(Frame) - sizeof(Cie) - 8;
  uint32_t toCie = sizeof(Cie) + 4;
  uint64_t begin = 0;
  uint64_t size = UINT64_MAX;
  uint8_t instructions[N] = {};
  uint32_t terminator = 0;
};

template <size_t N> constexpr Frame<N> frameOf(const uint8_t (&instructions)[N]) {
  static_assert((sizeof(Frame<N>) - sizeof(Cie)) % 8 == 0, "pad with kNop");
  Frame<N> frame;
  for (size_t i = 0; i < N; ++i)
    frame.instructions[i] = instructions[i];
  return frame;
}

constexpr auto kThunk = frameOf({kNop, kNop, kNop, kNop});

static_assert(StubShape::kStubBytes == 16, "the expression takes the lowest four bits of the address");

constexpr auto kStubs =
    frameOf({// The first pad is jumped to by stubs: the id, above it the return address.
             kDefCfaOffset, 16, kAdvance | StubShape::kPushed, kDefCfaOffset, 24,
             // The second is called.
             kAdvance | (StubShape::kTripPad - StubShape::kPushed), kDefCfaOffset, 8,
             // rsp + 8 + (((rip & 15) >= 11) << 3), as linkers describe .plt
             kAdvance | (StubShape::kStubs - StubShape::kTripPad), kDefCfaExpression, 11,
             kRegister + kStackPointer, 8, kRegister + kReturnAddress, 0,
             kLiteral + StubShape::kStubBytes - 1, kAnd, kLiteral + StubShape::kIdPushed, kAtLeast,
             kLiteral + 3, kShiftLeft, kPlus, kNop, kNop, kNop, kNop, kNop, kNop});

} // namespace

const void* thunkFrame() { return &kThunk.length; }
const void* stubsFrame() { return &kStubs.length; }

} // namespace tiercel
