// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiering/policies.h"

namespace tiercel {

namespace {

/// Each tier's code is called this many times as often as the tier before it until it is replaced: what is
/// gained shrinks from tier to tier and what it costs grows.
constexpr uint32_t kStep = 8;

} // namespace

Decision decideByThreshold(const FunctionSnapshot& s, const Options& options) {
  if (loopsTripped(s))
    return decideLoop(s);
  if (s.trips == 0)
    return refuse(Reason::FewSamples);
  if (s.tier >= kTopTier)
    return refuse(Reason::AtTopTier);
  // A long call of a function with loops would be caught in the code of a tier between.
  Decision decision = promoteTo(s.continuable ? kTopTier : s.tier + 1, Reason::CallsReachedThreshold);
  if (decision.instrument)
    decision.rearmCalls = counterLimit(options.callThreshold * std::pow(kStep, decision.tier));
  return decision;
}

} // namespace tiercel
