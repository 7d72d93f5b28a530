// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counting, as IR (DESIGN decision D5), so that any code generator carries it. Two counters per function,
// calls and loop iterations, count down to zero:
//
//     if (counter != 0) { c = counter;  c -= c != 0;  counter = c;  if (c == 0) trip(id, kind); }
//
// At zero they stay, and are only read from then on: a counter is written a bounded number of times, so
// threads that run the same function stop sharing the line in modified state. Lost updates between threads
// only delay the trip, and several threads may trip at once; the runtime takes the first.
//
// Upper tiers count calls alone: a loop that is stuck in optimised code has nowhere to go, and a counter in a
// hot loop would keep the optimiser from most of what it does there.
// Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "base/trip_kind.h"
#include "unit/unit.h"

namespace tiercel {

enum class CountLoops : bool { No, Yes };

void instrumentUnit(Unit& unit, CountLoops loops = CountLoops::Yes);

} // namespace tiercel
