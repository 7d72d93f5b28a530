// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What to do about a function whose counter ran out or that samples hit: a pure function from a snapshot to a
// decision with its reason, so that it can be tested without threads and explained afterwards. The policies
// are policy_threshold.cpp, policy_window.cpp and policy_cost.cpp; docs/tiering.md describes them.
//
// Times are processor time in nanoseconds. Work is time as if it had all been spent in tier-0 code, so that
// work times relativeTime[t] is what the same would have taken at tier t.
#pragma once

#include "tiercel/options.h"

#include "base/mark.h"
#include "base/reasons.h"
#include "base/trip_kind.h"

#include <array>
#include <cstdint>

namespace tiercel {

constexpr uint32_t tripBit(TripKind kind) { return 1u << static_cast<uint32_t>(kind); }

/// What a decision may depend on.
struct FunctionSnapshot {
  uint32_t id = 0;
  unsigned tier = 0;       ///< of the current code
  uint32_t trips = 0;      ///< bit per TripKind; none: samples brought it here
  unsigned promotions = 0; ///< so far
  uint32_t codeBytes = 0;  ///< of the first code
  Mark mark = Mark::None;
  bool pinned = false;
  bool promotionFailed = false;
  bool tooManyFatal = false; ///< compiles for better code, of any function
  bool excluded = false;     ///< by Options::only
  bool queued = false;

  /// The loop header where the loop counter ran out, whether a continuation can be entered there, and whether
  /// one can be entered at any of the function's headers.
  uint32_t loopHeader = 0;
  bool leavable = false;
  bool continuable = false;
  /// Counted so far, by code that counts; what the counters were set to last.
  uint64_t calls = 0, loops = 0;
  uint32_t armedCalls = 0, armedLoops = 0;

  /// Samples in the window (at most SampleWindow::kSize) and how many of them hit this function.
  unsigned windowSamples = 0, samples = 0;

  double work = 0;                                         ///< done in this function so far, estimated
  double callWork = 0, loopWork = 0;                       ///< per call and per iteration, estimated
  std::array<double, kTierCount> compileNs{};              ///< what compiling it for each tier will take
  std::array<double, kTierCount> relativeTime{1, 1, 1, 1}; ///< of each tier's code, tier 0 being 1

  unsigned idleWorkers = 0; ///< that would otherwise sleep
  bool spareCore = false;   ///< workers do not run at the program's expense
};

/// What to compile: code for the next call, or for the loop that runs now.
enum class Make { Version, Continuation };

struct Decision {
  bool promote = false;
  unsigned tier = 0;
  Make make = Make::Version;
  uint32_t loopHeader = 0; ///< of a Continuation
  bool instrument = false; ///< the new code counts calls, so that the policy is asked again
  /// What the counters are set to: now if nothing is compiled, otherwise when the new code is published, so
  /// that what runs out then did so in spite of it. 0: they stay as they are.
  uint32_t rearmCalls = 0, rearmLoops = 0;
  /// Higher first: see urgency().
  int64_t priority = 0;
  Reason reason = Reason::AtTopTier;
};

Decision decide(const FunctionSnapshot& snapshot, const Options& options);

/// The place in the queue: 1024 for each doubling of what the compile will have saved, for each nanosecond it
/// takes, once the function has done as much again as so far.
int64_t urgency(const FunctionSnapshot& snapshot, unsigned tier);

/// Tier of a function's first code.
unsigned firstTier(uint32_t functionId, const Options& options);
/// Whether code of this tier counts, when it is a function's `promotions`-th.
bool countsEvents(unsigned tier, unsigned promotions, const Options& options);

/// Whether decisions depend on samples.
bool usesSamples(const Options& options);

/// What a function's counters begin with.
struct CounterLimits {
  uint32_t calls = 0, loops = 0;
};
CounterLimits firstLimits(Mark mark, const Options& options);

/// The mark that counts: the options' if a pattern matches, otherwise the function's own.
Mark effectiveMark(std::string_view name, Mark own, const Options& options);

} // namespace tiercel
