// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Indirect calls to direct ones behind a comparison, by a target histogram:
//
//     call %f(…)   becomes   if (%f == @hot) call @hot(…) else call %f(…)
//
// after which the direct call can be inlined. Thread rule: pure function over the IR of the caller's context.
#pragma once

#include "llvm/IR/InstrTypes.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tiercel {

/// The limits of LLVM's own pass (its -icp-max-prom, -icp-remaining-percent-threshold and
/// -icp-total-percent-threshold): more comparisons in a row cost what they gain.
inline constexpr unsigned kMaxPromotedTargets = 3;
inline constexpr uint64_t kMinPercentOfRemaining = 30; ///< of the calls that earlier comparisons leave
inline constexpr uint64_t kMinPercentOfAll = 5;

struct PromotionCandidate {
  llvm::Function* callee; ///< a declaration or definition in the call's module
  uint64_t count;
};

/// Rewrites `call` for the candidates worth it, most frequent first as they must be given. Stops at the first
/// that does not pay or that the call's type does not allow. What remains indirect carries the counts of the
/// other candidates as LLVM's value profile, by the GUIDs of their names. Returns the direct calls.
std::vector<llvm::CallBase*>
promoteIndirectCall(llvm::CallBase& call, std::span<const PromotionCandidate> candidates, uint64_t total);

} // namespace tiercel
