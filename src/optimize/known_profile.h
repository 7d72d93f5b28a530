// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about how often a function's code ran: from the counters of its first code in this run and
// from profiles of earlier runs, which add up.
// Thread rule: reads counters that running code writes; anything else as the registry's.
#pragma once

#include "tiercel/profile.h"

#include "registry/registry.h"

#include "llvm/IR/Function.h"

#include <vector>

namespace tiercel {

struct KnownTarget {
  FunctionId function;
  uint64_t count;
};
struct KnownCall {
  std::vector<KnownTarget> targets; ///< most frequent first
  uint64_t total = 0;
};
struct KnownProfile {
  std::vector<uint64_t> counts; ///< one per site of the plan; empty: nothing is known of its branches
  std::vector<KnownCall> calls; ///< in the order of the body
};

/// `function`: the body as first code was made of it. Knowledge of another number of `sites` is not about it.
KnownProfile knownProfile(const FunctionRecord& record, const llvm::Function& function, Registry& registry,
                          const Profile* earlier, size_t sites);

/// What this run counted, as files hold it; nothing if the function has no counters or was not counted.
std::optional<FunctionProfile> countedProfile(const FunctionRecord& record, Registry& registry);

} // namespace tiercel
