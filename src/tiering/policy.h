// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What to do about a function whose counter ran out: a pure function from a snapshot to a decision with its
// reason, so that it can be tested without threads and explained afterwards.
#pragma once

#include "tiercel/options.h"

#include "base/reasons.h"

#include <cstdint>

namespace tiercel {

/// What a decision may depend on.
struct FunctionSnapshot {
  uint32_t id = 0;
  unsigned tier = 0;       ///< of the current code
  uint32_t trips = 0;      ///< bit per TripKind
  unsigned promotions = 0; ///< so far
  uint32_t codeBytes = 0;  ///< of the current code
  bool pinned = false;
  bool promotionFailed = false;
  bool excluded = false; ///< by Options::only
  bool queued = false;
};

struct Decision {
  bool promote = false;
  unsigned tier = 0;
  bool instrument = false; ///< the new code counts as well, so that the policy is asked again
  /// Higher first. Loops before calls: a function that is stuck in a loop gains at once and for long; then
  /// small before large, so that one huge compile does not hold up many short ones.
  uint64_t priority = 0;
  uint32_t codeBytes = 0; ///< of the code it replaces: what the compile's cost is estimated from
  Reason reason = Reason::AtTopTier;
};

Decision decide(const FunctionSnapshot& snapshot, const Options& options);

/// Tier of a function's first code.
unsigned firstTier(uint32_t functionId, const Options& options);
/// Whether code of this tier counts, when it is a function's `promotions`-th.
bool countsEvents(unsigned tier, unsigned promotions, const Options& options);

} // namespace tiercel
