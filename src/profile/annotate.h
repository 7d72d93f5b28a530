// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frequencies as the metadata that LLVM's passes read: branch weights, entry counts, the module's summary.
// Thread rule: pure functions over the IR of the caller's context.
#pragma once

#include "profile/reconstruct.h"

#include "llvm/IR/Module.h"
#include "llvm/ProfileData/ProfileCommon.h"

#include <span>

namespace tiercel {

/// Weights on terminators with several successors and the function's entry count. `function` has the blocks
/// that the frequencies were made for. Terminators that were never reached keep what they have (a prediction
/// of the front end, perhaps): the blocks around them tell that they are cold.
void annotate(llvm::Function& function, const Frequencies& frequencies);

/// Which counts are hot and which cold depends on those of everything that ran (llvm::ProfileSummaryInfo: the
/// inliner's hot and cold call sites, hot/cold splitting). Give it the counts of all functions of the run.
class SummaryBuilder {
public:
  SummaryBuilder();
  /// The counts of one function, one per site of its plan.
  void add(std::span<const uint64_t> counts);
  /// Makes it the module's summary. Once; after that the builder is spent.
  void apply(llvm::Module& module);

private:
  llvm::InstrProfSummaryBuilder builder_;
};

} // namespace tiercel
