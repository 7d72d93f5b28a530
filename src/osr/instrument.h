// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counting and on-stack replacement, as IR (DESIGN decisions D5 and D6), so that any code generator carries
// them. A function's counters are three words (codemem/function_table.h). At the entry and, in tier-0 code,
// at every loop header:
//
//     entry:   if (poll) { if (--calls == 0) trip(id, Calls); }
//     header:  if (poll) { if (--loops <= 0 && (continuation = trip(id, Loops, header)))
//                              return continuation(addresses of the frame's slots); }
//
// The slow parts lie at the end of the function: what is paid for ever is a load, a comparison and a branch
// that is not taken. While `poll` is zero nothing is written, so threads in one function share its line
// read-only. Updates that threads lose to each other only delay a trip; several threads may trip at once.
//
// With a profile, the slow parts of these and of further places (profile/edge_plan.h) count for it, and
// indirect calls record their targets.
//
// Optimised code counts calls only: a poll in a loop would keep the loop from being optimised.
// Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "osr/frame.h"
#include "profile/edge_plan.h"
#include "unit/unit.h"

namespace tiercel {

struct InstrumentOptions {
  bool loops = false;              ///< count them
  const OsrFrame* frame = nullptr; ///< of code whose loops can be left
  /// Where to count for the profile, and the indirect calls whose targets are recorded. Both made before the
  /// frame, which changes the function.
  const EdgePlan* plan = nullptr;
  llvm::ArrayRef<llvm::CallBase*> calls = {};
  uint32_t epoch = 0;      ///< of the code, which it names when a counter runs out
  bool wideCounts = false; ///< of 64 bits, for counting that does not end
};

void instrumentUnit(Unit& unit, const InstrumentOptions& options);

} // namespace tiercel
