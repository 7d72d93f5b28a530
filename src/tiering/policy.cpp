// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiering/policy.h"

#include "base/trip_kind.h"

namespace tiercel {

namespace {

/// Where the threshold policy goes from tier 0, and stops: -O3 costs more than -O2 and, function by
/// function, buys nothing that was measurable (docs/tiering.md).
constexpr unsigned kSteadyTier = 2;
/// What being stuck in a loop is worth against bytes of code to compile.
constexpr uint64_t kLoopBonus = uint64_t(1) << 20;
/// How often random-tier moves a function, which bounds what a test run costs.
constexpr unsigned kRandomMoves = 5;

/// SplitMix64's finaliser: every bit of the input changes every bit of the output.
uint64_t mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

unsigned randomTier(uint32_t id, unsigned step, const Options& options) {
  return static_cast<unsigned>(mix(options.modes.seed + id * 0x9e3779b97f4a7c15ull + step) % kTierCount);
}

Decision refuse(Reason reason) {
  Decision decision;
  decision.reason = reason;
  return decision;
}

} // namespace

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

Decision decide(const FunctionSnapshot& snapshot, const Options& options) {
  if (snapshot.pinned)
    return refuse(Reason::PinnedBlockAddress);
  if (snapshot.promotionFailed)
    return refuse(Reason::PromotionFailed);
  if (snapshot.excluded)
    return refuse(Reason::ExcludedByOnly);
  if (snapshot.queued)
    return refuse(Reason::AlreadyQueued);

  Decision decision;
  decision.promote = true;
  decision.codeBytes = snapshot.codeBytes;
  const bool loops = snapshot.trips & (1u << static_cast<uint32_t>(TripKind::Loops));
  decision.priority = (loops ? kLoopBonus : 0) + (UINT32_MAX - snapshot.codeBytes);
  if (options.modes.randomTier) {
    if (snapshot.promotions >= kRandomMoves)
      return refuse(Reason::AtTopTier);
    decision.tier = randomTier(snapshot.id, snapshot.promotions + 1, options);
    decision.reason = Reason::ModeRandomTier;
  } else if (options.modes.promoteAlways) {
    if (snapshot.tier >= kTopTier)
      return refuse(Reason::AtTopTier);
    decision.tier = snapshot.tier + 1;
    decision.reason = Reason::ModePromoteAlways;
  } else {
    if (snapshot.tier >= kSteadyTier)
      return refuse(Reason::AtTopTier);
    decision.tier = kSteadyTier;
    decision.reason = loops ? Reason::LoopsReachedThreshold : Reason::CallsReachedThreshold;
  }
  decision.instrument = countsEvents(decision.tier, snapshot.promotions + 1, options);
  return decision;
}

} // namespace tiercel
