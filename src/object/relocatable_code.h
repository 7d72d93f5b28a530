// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a code object is made from: compiled once, linked as often as the object moves, needing no engine.
// Thread rule: plain data; constant once the object is made.
#pragma once

#include "object/pointer_slots.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace tiercel {

struct RelocatableCode {
  struct Function {
    std::string symbol;
    std::string type; ///< in IR syntax
  };

  llvm::SmallVector<char, 0> object;      ///< ELF relocatable
  llvm::StringMap<Function> functions;    ///< by the name they were asked for
  llvm::StringMap<std::string> variables; ///< symbols, by the program's name
  std::vector<PointerSlots> slots;        ///< of its variables
  llvm::StringMap<void*> bindings;        ///< what it refers to outside itself
};

} // namespace tiercel
