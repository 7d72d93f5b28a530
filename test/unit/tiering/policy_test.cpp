// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/trip_kind.h"
#include "tiering/policy.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tiercel {
namespace {

constexpr uint32_t kCalls = 1u << static_cast<uint32_t>(TripKind::Calls);
constexpr uint32_t kLoops = 1u << static_cast<uint32_t>(TripKind::Loops);

FunctionSnapshot tripped(uint32_t trips, uint32_t codeBytes = 100) {
  FunctionSnapshot snapshot;
  snapshot.id = 17;
  snapshot.trips = trips;
  snapshot.codeBytes = codeBytes;
  return snapshot;
}

TEST(Policy, PromotesOnceAndThenStops) {
  const Options options;
  FunctionSnapshot snapshot = tripped(kCalls);
  const Decision first = decide(snapshot, options);
  EXPECT_TRUE(first.promote);
  EXPECT_GT(first.tier, 0u);
  EXPECT_FALSE(first.instrument) << "nobody would look at the counters";

  snapshot.tier = first.tier;
  snapshot.promotions = 1;
  const Decision second = decide(snapshot, options);
  EXPECT_FALSE(second.promote);
  EXPECT_EQ(second.reason, Reason::AtTopTier);
}

TEST(Policy, SaysWhichCounterItWas) {
  const Options options;
  EXPECT_EQ(decide(tripped(kCalls), options).reason, Reason::CallsReachedThreshold);
  EXPECT_EQ(decide(tripped(kLoops), options).reason, Reason::LoopsReachedThreshold);
  EXPECT_EQ(decide(tripped(kCalls | kLoops), options).reason, Reason::LoopsReachedThreshold);
}

TEST(Policy, LoopsBeforeCallsThenSmallBeforeLarge) {
  const Options options;
  const auto priority = [&](uint32_t trips, uint32_t bytes) {
    return decide(tripped(trips, bytes), options).priority;
  };
  EXPECT_GT(priority(kLoops, 1 << 16), priority(kCalls, 1));
  EXPECT_GT(priority(kCalls, 100), priority(kCalls, 101));
  EXPECT_GT(priority(kLoops, 100), priority(kLoops, 101));
}

TEST(Policy, RefusalsHaveTheirReasons) {
  struct Case {
    bool FunctionSnapshot::* flag;
    Reason reason;
    bool terminal;
  };
  const Case cases[] = {{&FunctionSnapshot::pinned, Reason::PinnedBlockAddress, true},
                        {&FunctionSnapshot::promotionFailed, Reason::PromotionFailed, true},
                        {&FunctionSnapshot::excluded, Reason::ExcludedByOnly, true},
                        {&FunctionSnapshot::queued, Reason::AlreadyQueued, false}};
  Options modes[3];
  modes[1].modes.promoteAlways = true;
  modes[2].modes.randomTier = true;
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
