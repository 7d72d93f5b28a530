// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/trip_kind.h"
#include "tiering/policy.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

constexpr uint32_t kCalls = tripBit(TripKind::Calls);
constexpr uint32_t kLoops = tripBit(TripKind::Loops);

FunctionSnapshot tripped(uint32_t trips) {
  FunctionSnapshot snapshot;
  snapshot.id = 17;
  snapshot.trips = trips;
  snapshot.codeBytes = 100;
  return snapshot;
}

Options with(Policy policy) {
  Options options;
  options.policy = policy;
  return options;
}

TEST(Policy, RefusalsHaveTheirReasons) {
  struct Case {
    bool FunctionSnapshot::* flag;
    Reason reason;
    bool terminal;
  };
  const Case cases[] = {{&FunctionSnapshot::pinned, Reason::PinnedBlockAddress, true},
                        {&FunctionSnapshot::promotionFailed, Reason::PromotionFailed, true},
                        {&FunctionSnapshot::tooManyFatal, Reason::TooManyFatal, true},
                        {&FunctionSnapshot::excluded, Reason::ExcludedByOnly, true},
                        {&FunctionSnapshot::queued, Reason::AlreadyQueued, false}};
  Options modes[5] = {with(Policy::Threshold), with(Policy::Window), with(Policy::Cost)};
  modes[3].modes.promoteAlways = true;
  modes[4].modes.randomTier = true;
  for (const Options& options : modes) {
    for (const Case& c : cases) {
      FunctionSnapshot snapshot = tripped(kCalls | kLoops);
      snapshot.*c.flag = true;
      const Decision decision = decide(snapshot, options);
      EXPECT_FALSE(decision.promote) << reasonText(c.reason);
      EXPECT_EQ(decision.reason, c.reason);
      EXPECT_EQ(reasonIsTerminal(decision.reason), c.terminal) << reasonText(c.reason);
    }
  }
}

TEST(Policy, AdaptiveStartsAtTierZeroWithCounters) {
  const Options options;
  EXPECT_EQ(firstTier(5, options), 0u);
  EXPECT_TRUE(countsEvents(0, 0, options));
  EXPECT_FALSE(countsEvents(2, 1, options));
}

TEST(Policy, OrdersComeBeforePolicies) {
  for (const Policy policy : {Policy::Threshold, Policy::Window, Policy::Cost}) {
    FunctionSnapshot snapshot = tripped(kCalls);
    snapshot.mark = Mark::Hot;
    const Decision hot = decide(snapshot, with(policy));
    EXPECT_TRUE(hot.promote);
    EXPECT_EQ(hot.tier, kTopTier);
    EXPECT_FALSE(hot.instrument);
    EXPECT_EQ(hot.reason, Reason::MarkedHot);
    snapshot.tier = kTopTier;
    EXPECT_EQ(decide(snapshot, with(policy)).reason, Reason::AtTopTier);

    snapshot = tripped(kCalls | kLoops);
    snapshot.mark = Mark::Cold;
    const Decision cold = decide(snapshot, with(policy));
    EXPECT_FALSE(cold.promote);
    EXPECT_EQ(cold.reason, Reason::MarkedCold);
    EXPECT_TRUE(reasonIsTerminal(cold.reason));
  }
}

TEST(Policy, MarksShiftTheFirstLimits) {
  Options options;
  options.callThreshold = 80;
  options.loopThreshold = 800;
  const auto limits = [&](Mark mark) {
    const CounterLimits l = firstLimits(mark, options);
    return std::pair(l.calls, l.loops);
  };
  EXPECT_EQ(limits(Mark::None), std::pair(80u, 800u));
  EXPECT_EQ(limits(Mark::Cold), std::pair(80u, 800u));
  EXPECT_EQ(limits(Mark::Hot), std::pair(1u, 800u));
  EXPECT_EQ(limits(Mark::Likely), std::pair(10u, 100u));
  EXPECT_EQ(limits(Mark::Unlikely), std::pair(640u, 6400u));
  options.callThreshold = options.loopThreshold = UINT32_MAX;
  EXPECT_EQ(limits(Mark::Unlikely), std::pair(UINT32_MAX / 2, UINT32_MAX / 2)) << "saturates";
  options.callThreshold = options.loopThreshold = 1;
  EXPECT_EQ(limits(Mark::Likely), std::pair(1u, 1u));
  options.modes.promoteAlways = true;
  EXPECT_EQ(limits(Mark::Unlikely), std::pair(1u, 1u));
}

TEST(Policy, PatternsComeBeforeAttributesAndColdBeforeHot) {
  Options options;
  options.hot = {"a*", "b"};
  options.cold = {"ab*"};
  EXPECT_EQ(effectiveMark("ac", Mark::Cold, options), Mark::Hot);
  EXPECT_EQ(effectiveMark("b", Mark::None, options), Mark::Hot);
  EXPECT_EQ(effectiveMark("abc", Mark::Hot, options), Mark::Cold);
  EXPECT_EQ(effectiveMark("c", Mark::Hot, options), Mark::Hot);
  EXPECT_EQ(effectiveMark("c", Mark::Unlikely, options), Mark::Unlikely);
  EXPECT_EQ(effectiveMark("c", Mark::None, {}), Mark::None);
}

TEST(Policy, UrgencyIsGainPerCompileTime) {
  FunctionSnapshot s = tripped(kCalls);
  s.relativeTime = {1, 0.5, 0.5, 0.5};
  s.compileNs = {0, 1000, 2000, 4000};
  s.work = 2000;
  EXPECT_EQ(urgency(s, 1), 0) << "has saved what it took";
  EXPECT_EQ(urgency(s, 2), -1024);
  EXPECT_EQ(urgency(s, 3), -2048);
  s.work = 8000;
  EXPECT_EQ(urgency(s, 1), 2048);
  s.work = 1e18;
  EXPECT_EQ(urgency(s, 1), 14 * 1024) << "bounded, so that age can make up for it";
  s.work = 0;
  EXPECT_EQ(urgency(s, 1), -14 * 1024);
  s.tier = 2;
  s.work = 8000;
  EXPECT_EQ(urgency(s, 3), -14 * 1024) << "nothing faster";
}

TEST(Policy, AFixedTierNeverCounts) {
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    Options options;
    options.fixedTier = tier;
    EXPECT_EQ(firstTier(5, options), tier);
    EXPECT_FALSE(countsEvents(tier, 0, options));
  }
}

TEST(Policy, PromoteAlwaysClimbsOneTierAtATime) {
  Options options;
  options.modes.promoteAlways = true;
  FunctionSnapshot snapshot = tripped(kCalls);
  for (unsigned tier = 0; tier < kTopTier; ++tier) {
    EXPECT_TRUE(countsEvents(tier, tier, options)) << "or it would stop here";
    snapshot.tier = tier;
    snapshot.promotions = tier;
    const Decision decision = decide(snapshot, options);
    ASSERT_TRUE(decision.promote);
    EXPECT_EQ(decision.tier, tier + 1);
    EXPECT_EQ(decision.instrument, tier + 1 < kTopTier);
    EXPECT_EQ(decision.reason, Reason::ModePromoteAlways);
  }
  snapshot.tier = kTopTier;
  EXPECT_EQ(decide(snapshot, options).reason, Reason::AtTopTier);
}

/// The tiers that a function goes through.
std::vector<unsigned> randomWalk(uint32_t id, const Options& options) {
  std::vector<unsigned> walk = {firstTier(id, options)};
  FunctionSnapshot snapshot = tripped(kCalls);
  snapshot.id = id;
  for (;;) {
    snapshot.tier = walk.back();
    const Decision decision = decide(snapshot, options);
    if (!decision.promote)
      return walk;
    EXPECT_EQ(decision.reason, Reason::ModeRandomTier);
    walk.push_back(decision.tier);
    ++snapshot.promotions;
    EXPECT_EQ(decision.instrument, countsEvents(decision.tier, snapshot.promotions, options));
    if (walk.size() > 100) {
      ADD_FAILURE() << "no end";
      return walk;
    }
  }
}

TEST(Policy, RandomTierIsRepeatableBoundedAndGoesEverywhere) {
  Options options, other;
  options.modes.randomTier = other.modes.randomTier = true;
  other.modes.seed = 1;
  std::set<unsigned> first, later;
  bool down = false, differs = false;
  for (uint32_t id = 0; id < 64; ++id) {
    const std::vector<unsigned> walk = randomWalk(id, options);
    EXPECT_EQ(walk, randomWalk(id, options));
    differs |= walk != randomWalk(id, other);
    first.insert(walk.front());
    for (size_t i = 1; i < walk.size(); ++i) {
      later.insert(walk[i]);
      down |= walk[i] < walk[i - 1];
    }
  }
  EXPECT_EQ(first.size(), kTierCount);
  EXPECT_EQ(later.size(), kTierCount);
  EXPECT_TRUE(down);
  EXPECT_TRUE(differs) << "the seed does nothing";
}

TEST(Reasons, EachHasAText) {
#define X(id, terminal, text)                                                                                \
  EXPECT_EQ(reasonText(Reason::id), text);                                                                   \
  EXPECT_EQ(reasonIsTerminal(Reason::id), terminal);
  TIERCEL_REASONS(X)
#undef X
}

} // namespace
} // namespace tiercel
