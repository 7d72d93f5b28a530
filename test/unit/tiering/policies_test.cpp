// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three policies on recorded snapshots. Each row is a situation, changed from one of the bases below,
// with the decision that it must lead to.
#include "tiering/policy.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace tiercel {
namespace {

constexpr uint32_t kCalls = tripBit(TripKind::Calls);
constexpr uint32_t kLoops = tripBit(TripKind::Loops);

/// A function of 400 bytes of first code that has just been called 400 times; two cores, nothing else to do.
FunctionSnapshot base() {
  FunctionSnapshot s;
  s.id = 1;
  s.trips = kCalls;
  s.codeBytes = 400;
  s.calls = s.armedCalls = 400;
  s.armedLoops = 8000;
  s.callWork = 25;
  s.loopWork = 10;
  s.work = 10'000;
  s.compileNs = {400e3, 1.6e6, 2.0e6, 2.6e6};
  s.relativeTime = {1, 0.45, 0.4, 0.36};
  s.idleWorkers = 1;
  s.spareCore = true;
  return s;
}

/// The same function after its loops ran 8000 times in ten calls.
FunctionSnapshot looping() {
  FunctionSnapshot s = base();
  s.trips = kLoops;
  s.calls = 10;
  s.loops = 8000;
  s.work = 80'000;
  s.loopHeader = 3;
  s.leavable = s.continuable = true;
  return s;
}

struct Expected {
  bool promote;
  unsigned tier;
  Make make;
  Reason reason;
  uint32_t rearmCalls;
  uint32_t rearmLoops;
};

struct Row {
  const char* what;
  FunctionSnapshot (*from)();
  std::function<void(FunctionSnapshot&)> change;
  Expected expected;
};

Expected version(unsigned tier, Reason reason, uint32_t rearmCalls, uint32_t rearmLoops = 0) {
  return {true, tier, Make::Version, reason, rearmCalls, rearmLoops};
}
Expected continuation(Reason reason, uint32_t rearmLoops) {
  return {true, kTopTier, Make::Continuation, reason, 0, rearmLoops};
}
Expected nothing(Reason reason, uint32_t rearmCalls = 0, uint32_t rearmLoops = 0) {
  return {false, 0, Make::Version, reason, rearmCalls, rearmLoops};
}

void check(Policy policy, const std::vector<Row>& rows) {
  Options options;
  options.policy = policy;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    FunctionSnapshot snapshot = row.from();
    row.change(snapshot);
    const Decision d = decide(snapshot, options);
    EXPECT_EQ(d.promote, row.expected.promote);
    EXPECT_EQ(d.tier, row.expected.tier);
    EXPECT_EQ(d.make, row.expected.make);
    EXPECT_EQ(reasonText(d.reason), reasonText(row.expected.reason));
    EXPECT_EQ(d.rearmCalls, row.expected.rearmCalls);
    EXPECT_EQ(d.rearmLoops, row.expected.rearmLoops);
    EXPECT_EQ(d.instrument, d.promote && d.make == Make::Version && d.tier < kTopTier);
    EXPECT_EQ(d.loopHeader, d.make == Make::Continuation ? snapshot.loopHeader : 0u);
    if (d.promote)
      EXPECT_EQ(d.priority, urgency(snapshot, d.tier));
  }
}

using S = FunctionSnapshot;

/// What all policies do about loops once they are hot enough.
std::vector<Row> loopRows() {
  return {
      {"often entered: its next call", looping, [](S&) {},
       version(3, Reason::LoopsReachedThreshold, 0, 16000)},
      {"calls ran out as well", looping, [](S& s) { s.trips |= kCalls; },
       version(3, Reason::LoopsReachedThreshold, 0, 16000)},
      {"main: the running loop first", looping, [](S& s) { s.calls = 1; },
       continuation(Reason::LoopOfFewCalls, 16000)},
      {"twice is still seldom", looping, [](S& s) { s.calls = 2; },
       continuation(Reason::LoopOfFewCalls, 16000)},
      {"main, but it cannot be continued", looping,
       [](S& s) {
         s.calls = 1;
         s.leavable = s.continuable = false;
       },
       version(3, Reason::LoopsReachedThreshold, 0, 0)},
      {"an activation stayed in the old code", looping,
       [](S& s) {
         s.tier = 3;
         s.armedLoops = 16000;
       },
       continuation(Reason::StuckInOldCode, 32000)},
      {"the same when newer code is of a middle tier", looping, [](S& s) { s.tier = 1; },
       continuation(Reason::StuckInOldCode, 16000)},
      {"it stays for good", looping,
       [](S& s) {
         s.tier = 3;
         s.leavable = s.continuable = false;
       },
       nothing(Reason::StuckForGood)},
      {"this loop cannot be left, another may", looping,
       [](S& s) {
         s.tier = 3;
         s.leavable = false;
       },
       nothing(Reason::StuckForGood, 0, 16000)},
      {"main, but this loop cannot be continued", looping,
       [](S& s) {
         s.calls = 1;
         s.leavable = false;
       },
       version(3, Reason::LoopsReachedThreshold, 0, 16000)},
      {"limits saturate", looping, [](S& s) { s.armedLoops = UINT32_MAX / 2; },
       version(3, Reason::LoopsReachedThreshold, 0, UINT32_MAX / 2)},
  };
}

std::vector<Row> ladder() {
  return {
      {"from first code", base, [](S&) {}, version(1, Reason::CallsReachedThreshold, 3200)},
      {"from tier 1", base, [](S& s) { s.tier = 1; }, version(2, Reason::CallsReachedThreshold, 25600)},
      {"from tier 2", base, [](S& s) { s.tier = 2; }, version(3, Reason::CallsReachedThreshold, 0)},
      {"at the top", base, [](S& s) { s.tier = 3; }, nothing(Reason::AtTopTier)},
      {"with loops: straight to the top, and who is in one still asks", base,
       [](S& s) { s.leavable = s.continuable = true; }, version(3, Reason::CallsReachedThreshold, 0, 16000)},
      {"with loops, at the top", base,
       [](S& s) {
         s.tier = 3;
         s.continuable = true;
       },
       nothing(Reason::AtTopTier, 0, 16000)},
  };
}

TEST(Policies, Threshold) {
  check(Policy::Threshold, ladder());
  check(Policy::Threshold, loopRows());
}

TEST(Policies, Window) {
  check(Policy::Window, ladder());
  check(Policy::Window, loopRows());
  check(Policy::Window, {
                            {"51 of 100 samples", base,
                             [](S& s) {
                               s.windowSamples = 100;
                               s.samples = 51;
                             },
                             version(3, Reason::MostSamples, 0)},
                            {"50 of 100 are not most", base,
                             [](S& s) {
                               s.windowSamples = 100;
                               s.samples = 50;
                             },
                             version(1, Reason::CallsReachedThreshold, 3200)},
                            {"the window is not full", base,
                             [](S& s) {
                               s.windowSamples = 99;
                               s.samples = 99;
                             },
                             version(1, Reason::CallsReachedThreshold, 3200)},
                            {"no counter ran out", base,
                             [](S& s) {
                               s.trips = 0;
                               s.tier = 2;
                               s.windowSamples = 100;
                               s.samples = 90;
                             },
                             version(3, Reason::MostSamples, 0)},
                            {"no counter ran out and few samples", base,
                             [](S& s) {
                               s.trips = 0;
                               s.windowSamples = 100;
                               s.samples = 9;
                             },
                             nothing(Reason::FewSamples)},
                            {"nothing above", base,
                             [](S& s) {
                               s.tier = 3;
                               s.windowSamples = 100;
                               s.samples = 100;
                             },
                             nothing(Reason::AtTopTier)},
                            {"a hot loop in main is still continued", looping,
                             [](S& s) {
                               s.calls = 1;
                               s.windowSamples = 100;
                               s.samples = 100;
                             },
                             continuation(Reason::LoopOfFewCalls, 16000)},
                        });
}

TEST(Policies, Cost) {
  // Tier 3, the only goal, pays with an idle worker from 0.6 * 2.6 ms / 0.64 = 2.4375 ms of work, and without
  // one from 4.0625 ms.
  const auto worth = [](S& s) { s.work = 3e6; };
  check(Policy::Cost,
        {
            {"the first look comes too early; the next is bounded", base, [](S&) {},
             nothing(Reason::NotWorthYet, 3200)},
            {"nearly there: the next look is when it should pay", base, [](S& s) { s.work = 2.4e6; },
             nothing(Reason::NotWorthYet, 1500)},
            {"but never sooner than the last", base, [](S& s) { s.work = 2.437e6; },
             nothing(Reason::NotWorthYet, 400)},
            {"it pays", base, worth, version(3, Reason::GainExceedsCost, 0)},
            {"all workers are busy", base,
             [](S& s) {
               s.work = 3e6;
               s.idleWorkers = 0;
             },
             nothing(Reason::NotWorthYet, 400)},
            {"there is no spare core", base,
             [](S& s) {
               s.work = 3e6;
               s.spareCore = false;
             },
             nothing(Reason::NotWorthYet, 3200)},
            {"a large function needs more heat", base,
             [](S& s) {
               s.work = 3e6;
               for (double& ns : s.compileNs)
                 ns *= 10;
             },
             nothing(Reason::NotWorthYet, 3200)},
            {"found by samples", base,
             [](S& s) {
               s.trips = 0;
               s.work = 20e6;
             },
             version(3, Reason::GainExceedsCost, 0)},
            {"found by samples, with loops: its counters run on", base,
             [](S& s) {
               s.trips = 0;
               s.work = 20e6;
               s.continuable = true;
             },
             version(3, Reason::GainExceedsCost, 0)},
            {"the first calls of a function with loops say nothing, but later ones may", base,
             [](S& s) {
               s.continuable = true;
               s.calls = s.armedCalls = 1;
               s.work = 20e6;
             },
             nothing(Reason::NotWorthYet, 1)},
            {"samples set no counters", base, [](S& s) { s.trips = 0; }, nothing(Reason::NotWorthYet)},
            {"no tier would be faster", base,
             [](S& s) {
               s.work = 1e12;
               s.relativeTime = {1, 1, 1, 1};
             },
             nothing(Reason::NotWorthYet, 3200)},
            {"middle code is left when the top pays", base,
             [](S& s) {
               s.tier = 1;
               s.work = 20e6;
             },
             version(3, Reason::GainExceedsCost, 0)},
            {"and not before", base,
             [](S& s) {
               s.tier = 1;
               s.work = 1e6;
             },
             nothing(Reason::NotWorthYet, 3200)},
            {"at the top", base, [](S& s) { s.tier = 3; }, nothing(Reason::AtTopTier)},
            {"loops that do not pay yet", looping, [](S&) {}, nothing(Reason::NotWorthYet, 0, 64000)},
            {"loops that nearly do", looping, [](S& s) { s.work = 2.3e6; },
             nothing(Reason::NotWorthYet, 0, 13750)},
            {"loops that pay", looping, worth, version(3, Reason::LoopsReachedThreshold, 0, 16000)},
            {"main's that pay", looping,
             [](S& s) {
               s.work = 3e6;
               s.calls = 1;
             },
             continuation(Reason::LoopOfFewCalls, 16000)},
            {"stuck in old code", looping, [](S& s) { s.tier = 3; },
             continuation(Reason::StuckInOldCode, 16000)},
        });
}

/// Whatever the estimates say, a function that goes on and on is promoted in the end.
TEST(Policies, NobodyIsForgotten) {
  for (const Policy policy : {Policy::Threshold, Policy::Window, Policy::Cost}) {
    for (FunctionSnapshot (*from)() : {base, looping}) {
      Options options;
      options.policy = policy;
      FunctionSnapshot s = from();
      s.spareCore = false;
      s.idleWorkers = 0;
      Decision d = decide(s, options);
      unsigned looks = 1;
      for (; !d.promote && looks < 50; ++looks) {
        ASSERT_GT(d.rearmCalls + d.rearmLoops, 0u) << "nobody will ask again";
        s.calls += d.rearmCalls;
        s.loops += d.rearmLoops;
        s.work += d.rearmCalls * s.callWork + d.rearmLoops * s.loopWork;
        if (d.rearmCalls)
          s.armedCalls = d.rearmCalls;
        if (d.rearmLoops)
          s.armedLoops = d.rearmLoops;
        d = decide(s, options);
      }
      EXPECT_TRUE(d.promote);
      EXPECT_LT(looks, 10u);
    }
  }
}

} // namespace
} // namespace tiercel
