// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every compiler maps a request to (DESIGN §1): relocatable code and what it depends on. Only link makes
// an artifact runnable. Plain data: may be kept, moved between threads, one day stored.
#pragma once

#include "artifact/assumptions.h"
#include "base/diagnostics.h"
#include "base/ids.h"
#include "base/mark.h"
#include "base/reasons.h"

#include "llvm/ADT/SmallVector.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

struct CompileRequest {
  FunctionId function;
  uint32_t epoch = 0; ///< of the function's code, read before anything else of it
  unsigned tier = 0;
  bool instrument = false; ///< with a call counter, at tier 0 with a loop counter too
  bool lowest = false;     ///< at tier 0 also what would get a better version at once: that failed
  bool replaces = false;   ///< there is published code already
  /// Make the continuation at this loop header of the first version in place of a version.
  std::optional<uint32_t> osrHeader;
  /// Once it is set the compile gives up at the next pass, with an error. Null: never.
  const std::atomic<bool>* givesUp = nullptr;
  bool isGivenUp() const { return givesUp && givesUp->load(std::memory_order_acquire); }
};

/// How a version's loops can be left (osr/frame.h).
struct OsrInfo {
  uint64_t shape = 0;
  unsigned headers = 0; ///< 0: not at all
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
  bool directCalls = false;           ///< its calls have the form of unit/direct_calls.h
  Mark mark = Mark::None;             ///< of the function's attributes
  llvm::SmallVector<char, 0> object;  ///< ELF relocatable
  std::vector<GlobalId> data;         ///< must be initialised before the code runs
  std::vector<FunctionId> references; ///< functions of the program that the code mentions
  unsigned countSites = 0;            ///< of its profile
  unsigned targetTables = 0;          ///< of its indirect calls
  uint64_t bodyHash = 0;              ///< if profiles are read or written
  Assumptions assumptions;            ///< what it takes for granted
  std::vector<ImageId> images;        ///< whose bodies it holds: they may refer to internal data
  bool addressesEscape = false;       ///< addresses inside its code may be stored in the program's data
  std::vector<InlineRemark> inlining; ///< what the inliner decided
  OsrInfo osr;
  std::optional<Reason> noOsr; ///< why not, for a function with loops
  CompileTimes times;
};

} // namespace tiercel
