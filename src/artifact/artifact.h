// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every compiler maps a request to (DESIGN §1): relocatable code and what it depends on. Only link makes
// an artifact runnable. Plain data: may be kept, moved between threads, one day stored.
#pragma once

#include "base/ids.h"
#include "base/mark.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace tiercel {

struct CompileRequest {
  FunctionId function;
  unsigned tier = 0;
  bool instrument = false; ///< with a call counter, at tier 0 with a loop counter too
  bool replaces = false;   ///< there is published code already
};

/// Where the time went, in nanoseconds.
struct CompileTimes {
  uint64_t read = 0;
  uint64_t extract = 0;
  uint64_t optimize = 0;
  uint64_t codegen = 0;
};

struct Artifact {
  FunctionId function;
  ImageId image;
  unsigned tier = 0;                  ///< may differ from the request's: see pinned
  bool pinned = false;                ///< there must be no other version of this function
  Mark mark = Mark::None;             ///< of the function's attributes
  llvm::SmallVector<char, 0> object;  ///< ELF relocatable
  std::vector<GlobalId> data;         ///< must be initialised before the code runs
  std::vector<FunctionId> references; ///< functions of the program that the code mentions
  CompileTimes times;
};

} // namespace tiercel
