// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The policies behind decide(), for policy.cpp alone. Each is asked only about functions that may be promoted
// (policy.cpp has refused the others) and leaves Decision::priority to its caller. All are pure.
#pragma once

#include "tiering/policy.h"

#include <algorithm>
#include <cmath>

namespace tiercel {

Decision decideByThreshold(const FunctionSnapshot& snapshot, const Options& options);
Decision decideByWindow(const FunctionSnapshot& snapshot, const Options& options);
Decision decideByCost(const FunctionSnapshot& snapshot, const Options& options);

inline Decision refuse(Reason reason) {
  Decision decision;
  decision.reason = reason;
  return decision;
}

inline Decision promoteTo(unsigned tier, Reason reason) {
  Decision decision;
  decision.promote = true;
  decision.tier = tier;
  decision.instrument = tier < kTopTier;
  decision.reason = reason;
  return decision;
}

inline bool loopsTripped(const FunctionSnapshot& s) { return s.trips & tripBit(TripKind::Loops); }

/// A counter's next limit, saturating.
inline uint32_t counterLimit(double events) {
  return static_cast<uint32_t>(std::clamp(std::ceil(events), 1.0, double(UINT32_MAX / 2)));
}

/// A function with loops that was entered a few times at most is one like main: its work is that of
/// activations that run, and nobody may ever call a new version.
bool isSeldomEntered(const FunctionSnapshot& snapshot);

/// What every policy does about a loop that is hot enough for it: straight to the top tier, because a loop
/// that runs in code of tier 1 or 2 could not be left for anything better.
Decision decideLoop(const FunctionSnapshot& snapshot);

} // namespace tiercel
