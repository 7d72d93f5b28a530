// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For scans of the calling thread's stack: registers that calls preserve hold what callers left there, until
// a callee pushes them somewhere. Thread rule: a local variable.
#pragma once

#include <array>
#include <cstdint>

namespace tiercel {

/// Puts these registers where the variable is. What it is a local of must not be instrumented by sanitizers,
/// which may have locals elsewhere than on the stack.
class SavedRegisters {
public:
  [[gnu::always_inline]] SavedRegisters() {
    asm volatile("movq %%rbx, 0(%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%r12, 16(%0)\n\tmovq %%r13, 24(%0)\n\t"
                 "movq %%r14, 32(%0)\n\tmovq %%r15, 40(%0)"
                 :
                 : "r"(words_.data())
                 : "memory");
  }
  /// All that callers of the function left in registers, and their frames, are here and above. The function's
  /// own calls are below.
  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(words_.data()); }

private:
  std::array<uintptr_t, 6> words_;
};

} // namespace tiercel
