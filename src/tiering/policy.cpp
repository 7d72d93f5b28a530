// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/glob.h"
#include "base/mix.h"
#include "tiering/policies.h"

namespace tiercel {

namespace {

/// How often random-tier moves a function, which bounds what a test run costs.
constexpr unsigned kRandomMoves = 5;
/// How much a hint shifts the first limits.
constexpr uint32_t kHintFactor = 8;
/// Urgency per doubling, and the doublings beyond which more makes no difference.
constexpr double kUrgencyScale = 1024;
constexpr double kMaxDoublings = 14;

unsigned randomTier(uint32_t id, unsigned step, const Options& options) {
  return static_cast<unsigned>(mixBits(options.modes.seed + id * 0x9e3779b97f4a7c15ull + step) % kTierCount);
}

bool isTestMode(const Options& options) { return options.modes.promoteAlways || options.modes.randomTier; }

/// In the modes the new code's calls trip at once again, and the limits of loops do not change.
Decision decideForMode(const FunctionSnapshot& s, const Options& options) {
  Decision decision;
  if (options.modes.randomTier) {
    if (s.promotions >= kRandomMoves)
      return refuse(Reason::AtTopTier);
    decision = promoteTo(randomTier(s.id, s.promotions + 1, options), Reason::ModeRandomTier);
  } else {
    if (s.tier >= kTopTier)
      return refuse(Reason::AtTopTier);
    decision = promoteTo(s.tier + 1, Reason::ModePromoteAlways);
  }
  decision.instrument = countsEvents(decision.tier, s.promotions + 1, options);
  if (decision.instrument)
    decision.rearmCalls = decision.rearmLoops = 1;
  return decision;
}

Decision dispatch(const FunctionSnapshot& s, const Options& options) {
  if (isTestMode(options))
    return decideForMode(s, options);
  if (s.mark == Mark::Hot && s.tier < kTopTier)
    return promoteTo(kTopTier, Reason::MarkedHot);
  switch (options.policy) {
  case Policy::Threshold:
    return decideByThreshold(s, options);
  case Policy::Window:
    return decideByWindow(s, options);
  case Policy::Cost:
    return decideByCost(s, options);
  }
  return refuse(Reason::AtTopTier);
}

/// After a trip nothing is counted any more until a limit is set. An activation that stays behind in a loop
/// of first code should still say so, after twice as long each time.
void keepAskingLoops(Decision& decision, const FunctionSnapshot& s) {
  const bool silent = decision.rearmCalls == 0 && decision.rearmLoops == 0;
  const bool behind = decision.promote && loopsTripped(s) && decision.rearmLoops == 0;
  if (s.continuable && s.trips != 0 && (silent || behind))
    decision.rearmLoops = counterLimit(2.0 * s.armedLoops);
}

bool matchesAny(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return globMatches(pattern, name); });
}

} // namespace

bool isSeldomEntered(const FunctionSnapshot& s) {
  constexpr uint64_t kFewCalls = 2;
  return s.continuable && s.calls <= kFewCalls;
}

Decision decideLoop(const FunctionSnapshot& s) {
  const bool stuck = s.tier > 0; // only first code looks at loops, and there is newer code
  if (stuck && !s.leavable)
    return refuse(Reason::StuckForGood);
  const bool seldomEntered = s.leavable && isSeldomEntered(s);
  Decision decision = promoteTo(kTopTier, stuck           ? Reason::StuckInOldCode
                                          : seldomEntered ? Reason::LoopOfFewCalls
                                                          : Reason::LoopsReachedThreshold);
  if (stuck || seldomEntered) {
    decision.make = Make::Continuation;
    decision.loopHeader = s.loopHeader;
  }
  return decision;
}

unsigned firstTier(uint32_t functionId, const Options& options) {
  if (options.fixedTier)
    return *options.fixedTier;
  return options.modes.randomTier ? randomTier(functionId, 0, options) : 0;
}

bool countsEvents(unsigned tier, unsigned promotions, const Options& options) {
  if (options.fixedTier)
    return false;
  if (options.modes.randomTier)
    return promotions < kRandomMoves;
  if (options.modes.promoteAlways)
    return tier < kTopTier;
  return tier == 0;
}

bool usesSamples(const Options& options) {
  return !options.fixedTier && !isTestMode(options) && options.policy != Policy::Threshold;
}

CounterLimits firstLimits(Mark mark, const Options& options) {
  if (isTestMode(options))
    return {1, 1};
  const auto shifted = [](uint32_t limit, double factor) { return counterLimit(limit * factor); };
  switch (mark) {
  case Mark::None:
  case Mark::Cold:
    break;
  case Mark::Hot:
    return {1, options.loopThreshold};
  case Mark::Likely:
    return {shifted(options.callThreshold, 1.0 / kHintFactor),
            shifted(options.loopThreshold, 1.0 / kHintFactor)};
  case Mark::Unlikely:
    return {shifted(options.callThreshold, kHintFactor), shifted(options.loopThreshold, kHintFactor)};
  }
  return {options.callThreshold, options.loopThreshold};
}

Mark effectiveMark(std::string_view name, Mark own, const Options& options) {
  if (matchesAny(options.cold, name))
    return Mark::Cold;
  return matchesAny(options.hot, name) ? Mark::Hot : own;
}

int64_t urgency(const FunctionSnapshot& s, unsigned tier) {
  const double saved = s.work * std::max(s.relativeTime[s.tier] - s.relativeTime[tier], 0.0);
  const double ratio = saved / std::max(s.compileNs[tier], 1.0);
  const double doublings =
      ratio > 0 ? std::clamp(std::log2(ratio), -kMaxDoublings, kMaxDoublings) : -kMaxDoublings;
  return std::llround(doublings * kUrgencyScale);
}

Decision decide(const FunctionSnapshot& s, const Options& options) {
  if (s.pinned)
    return refuse(Reason::PinnedBlockAddress);
  if (s.promotionFailed)
    return refuse(Reason::PromotionFailed);
  if (s.tooManyFatal)
    return refuse(Reason::TooManyFatal);
  if (s.excluded)
    return refuse(Reason::ExcludedByOnly);
  if (s.mark == Mark::Cold)
    return refuse(Reason::MarkedCold);
  if (s.queued)
    return refuse(Reason::AlreadyQueued);
  Decision decision = dispatch(s, options);
  keepAskingLoops(decision, s);
  if (decision.promote)
    decision.priority = urgency(s, decision.tier);
  return decision;
}

} // namespace tiercel
