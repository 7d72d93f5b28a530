// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The places in variables that IR declares to be pointers: what has to be looked at when the variables move.
// Thread rule: plain data.
#pragma once

#include "llvm/IR/Module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tiercel {

/// `count` pointers, the first at `offset`, `stride` bytes apart.
struct SlotRun {
  uint64_t offset;
  uint64_t stride;
  uint64_t count;
};

struct PointerSlots {
  std::string symbol; ///< of the variable; offsets are from its beginning
  std::vector<SlotRun> runs;
};

/// Of all variables that `module` defines and that have any; constants never change.
std::vector<PointerSlots> findPointerSlots(const llvm::Module& module);

} // namespace tiercel
