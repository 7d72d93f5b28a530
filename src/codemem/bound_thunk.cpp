// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/bound_thunk.h"

#include "codemem/emitter.h"
#include "codemem/stub_frames.h"

namespace tiercel {

Result<void*> makeBoundThunk(Arena& arena, CodeMap& map, const void* target, unsigned argument,
                             const void* value) {
  constexpr size_t kBytes = 32;
  // movabs $value, %reg for rdi, rsi, rdx, rcx, r8, r9: REX prefix and opcode.
  constexpr uint8_t kLoad[6][2] = {{0x48, 0xbf}, {0x48, 0xbe}, {0x48, 0xba},
                                   {0x48, 0xb9}, {0x49, 0xb8}, {0x49, 0xb9}};
  Result<CodeBlock> block = arena.allocateCode(kBytes, 16);
  if (!block)
    return block.takeError();
  Emitter emit(*block);
  emit.bytes({kLoad[argument][0], kLoad[argument][1]});
  emit.value(reinterpret_cast<uint64_t>(value));
  emit.farJump(target);
  map.add(CodeRange::stub(block->exec, emit.here(), thunkFrame()));
  return static_cast<void*>(block->exec);
}

} // namespace tiercel
