// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compile what pays for itself. The future is expected to be as long as the past, so the gain of a tier is
// the work done so far times the difference in speed, and its cost is what compiling takes. That bounds the
// loss: whatever the program does next, no function costs much more in compiles than what it has already
// spent in its slower code. Compile times grow with size, so a large function needs to be proportionally
// hotter, by when its profile says more as well.
#include "tiering/policies.h"

#include <optional>

namespace tiercel {

namespace {

/// What a nanosecond of compiling counts: with a worker that would sleep otherwise, the program loses some
/// (caches, often half a core), else as much as the program's own.
constexpr double kIdleWeight = 0.6;
constexpr double kBusyWeight = 1.0;
/// A counter is set to at most this many times its last limit, in case the estimates are wrong.
constexpr double kRearmGrowth = 8;

double compileWeight(const FunctionSnapshot& s) {
  return s.spareCore && s.idleWorkers > 0 ? kIdleWeight : kBusyWeight;
}

/// The tier with the greatest net gain above zero.
std::optional<unsigned> bestTier(const FunctionSnapshot& s, unsigned least) {
  std::optional<unsigned> best;
  double bestGain = 0;
  for (unsigned tier = least; tier < kTierCount; ++tier) {
    const double saved = s.work * (s.relativeTime[s.tier] - s.relativeTime[tier]);
    const double gain = saved - compileWeight(s) * s.compileNs[tier];
    if (gain > bestGain) {
      bestGain = gain;
      best = tier;
    }
  }
  return best;
}

/// How much work it takes until code of tier `from` is worth replacing, at the price of an idle worker if
/// there can be one.
double workNeeded(const FunctionSnapshot& s, unsigned from, unsigned least) {
  const double weight = s.spareCore ? kIdleWeight : kBusyWeight;
  double needed = HUGE_VAL;
  for (unsigned tier = std::max(least, from + 1); tier < kTierCount; ++tier) {
    const double faster = s.relativeTime[from] - s.relativeTime[tier];
    if (faster > 0)
      needed = std::min(needed, weight * s.compileNs[tier] / faster);
  }
  return needed;
}

/// After how many events of this much work each to look again.
uint32_t limitFor(double missingWork, double eventWork, uint32_t last) {
  const double events = eventWork > 0 ? std::max(missingWork, 0.0) / eventWork : HUGE_VAL;
  return counterLimit(std::clamp(events, double(last), kRearmGrowth * last));
}

} // namespace

Decision decideByCost(const FunctionSnapshot& s, const Options&) {
  const bool loops = loopsTripped(s);
  // An activation that is stuck in old code is judged by the loops it has done there; anything else would
  // have been decided when the newer code was made.
  if (loops && s.tier > 0)
    return decideLoop(s);
  if (s.tier >= kTopTier)
    return refuse(Reason::AtTopTier);
  if (!loops && isSeldomEntered(s)) {
    Decision decision = refuse(Reason::NotWorthYet);
    if (s.trips != 0) // a very low threshold
      decision.rearmCalls = limitFor(0, s.callWork, s.armedCalls);
    return decision;
  }
  // Straight to the top: the tiers between cost nearly as much, so what they save while the top tier's turn
  // comes is less than the second compile; and a function of long loops could not leave them.
  constexpr unsigned least = kTopTier;
  const std::optional<unsigned> tier = bestTier(s, least);
  if (!tier) {
    Decision decision = refuse(Reason::NotWorthYet);
    const double missing = workNeeded(s, s.tier, least) - s.work;
    if (loops)
      decision.rearmLoops = limitFor(missing, s.loopWork, s.armedLoops);
    if (s.trips & tripBit(TripKind::Calls))
      decision.rearmCalls = limitFor(missing, s.callWork, s.armedCalls);
    return decision;
  }
  if (loops)
    return decideLoop(s);
  Decision decision = promoteTo(*tier, Reason::GainExceedsCost);
  if (decision.instrument)
    decision.rearmCalls = limitFor(workNeeded(s, *tier, *tier + 1) - s.work, s.callWork, s.armedCalls);
  return decision;
}

} // namespace tiercel
