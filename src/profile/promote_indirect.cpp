// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/promote_indirect.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/ProfileData/InstrProf.h"
#include "llvm/Transforms/Utils/CallPromotionUtils.h"
#include "llvm/Transforms/Utils/Instrumentation.h"

#include <algorithm>

namespace tiercel {

namespace {

/// count / whole >= percent / 100, without overflow.
bool isAtLeast(uint64_t percent, uint64_t count, uint64_t whole) {
  return static_cast<unsigned __int128>(count) * 100 >= static_cast<unsigned __int128>(whole) * percent;
}

} // namespace

std::vector<llvm::CallBase*>
promoteIndirectCall(llvm::CallBase& call, std::span<const PromotionCandidate> candidates, uint64_t total) {
  std::vector<llvm::CallBase*> direct;
  uint64_t remaining = total;
  while (!candidates.empty() && direct.size() < kMaxPromotedTargets) {
    const PromotionCandidate& candidate = candidates.front();
    // Racing threads may have counted more for the targets than in total.
    const uint64_t count = std::min(candidate.count, remaining);
    if (count == 0 || !isAtLeast(kMinPercentOfRemaining, count, remaining) ||
        !isAtLeast(kMinPercentOfAll, count, total) || !llvm::isLegalToPromote(call, candidate.callee))
      break;
    direct.push_back(&llvm::pgo::promoteIndirectCall(call, candidate.callee, count, remaining,
                                                     /*AttachProfToDirectCall=*/true, /*ORE=*/nullptr));
    remaining -= count;
    candidates = candidates.subspan(1);
  }
  call.setMetadata(llvm::LLVMContext::MD_prof, nullptr);
  std::vector<InstrProfValueData> rest;
  for (const PromotionCandidate& candidate : candidates)
    rest.push_back({llvm::GlobalValue::getGUIDAssumingExternalLinkage(candidate.callee->getName()),
                    std::min(candidate.count, remaining)});
  if (remaining > 0)
    llvm::annotateValueSite(*call.getModule(), call, rest, remaining, llvm::IPVK_IndirectCallTarget,
                            static_cast<uint32_t>(rest.size()));
  return direct;
}

} // namespace tiercel
