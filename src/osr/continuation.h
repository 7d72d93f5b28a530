// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rest of an activation as a function (DESIGN decision D6): it begins at a loop header, with the state of
// the frame it continues, and returns what the activation would have returned. The old frame stays below it
// until then, so locals whose address has escaped stay where they are.
//
//     entry(table):  loads what the table points to; result = body(values and addresses); return result
//     body:          own copies of the slots whose address nobody can know, so that they become registers
//                    again; addresses in the old frame for the others
//
// Entering at the header of an inner loop would make that header the head of every loop around it, and those
// could no longer be optimised as the nest they are. So the body first has a copy of the code around each
// enclosing loop: the inner loop entered at its header, then whatever is left of the outer loop's iteration,
// and from there the next copy or, for the outermost loop, the original.
// Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "osr/frame.h"
#include "unit/unit.h"

namespace tiercel {

/// What tier-0 code hands over: addresses of the slots, then these.
enum OsrTableExtra : unsigned {
  OsrTableContinuation, ///< not for the continuation: where the old code keeps its address
  OsrTableLabels,       ///< address of the array of its blocks' addresses, or null
  OsrTableExtras
};

/// Turns `unit.function`, as extracted, into its continuation at loop header `header`. `shape` is that of
/// the frame in the code to be left. A reason if it cannot be done.
std::optional<Reason> makeContinuation(Unit& unit, unsigned header, uint64_t shape);

} // namespace tiercel
