// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/annotate.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/ProfDataUtils.h"
#include "llvm/IR/ProfileSummary.h"

#include <algorithm>

namespace tiercel {

void annotate(llvm::Function& function, const Frequencies& frequencies) {
  uint32_t b = 0;
  for (llvm::BasicBlock& block : function) {
    const std::span<const uint64_t> counts = frequencies.successorsOf(b++);
    if (counts.size() < 2 || std::ranges::all_of(counts, [](uint64_t count) { return count == 0; }))
      continue;
    // Catchswitch and callbr have several successors too; LLVM reads weights on those named here.
    llvm::Instruction& terminator = *block.getTerminator();
    if (llvm::isa<llvm::BranchInst, llvm::SwitchInst, llvm::IndirectBrInst, llvm::InvokeInst>(terminator))
      llvm::setFittedBranchWeights(terminator, llvm::ArrayRef(counts.data(), counts.size()),
                                   /*IsExpected=*/false);
  }
  function.setEntryCount(frequencies.entry(), llvm::Function::PCT_Real);
}

SummaryBuilder::SummaryBuilder() : builder_(llvm::ProfileSummaryBuilder::DefaultCutoffs.vec()) {}

void SummaryBuilder::add(std::span<const uint64_t> counts) {
  if (counts.empty())
    return;
  builder_.addEntryCount(counts.front());
  for (uint64_t count : counts.subspan(1))
    builder_.addInternalCount(count);
}

void SummaryBuilder::apply(llvm::Module& module) {
  module.setProfileSummary(builder_.getSummary()->getMD(module.getContext()),
                           llvm::ProfileSummary::PSK_Instr);
}

} // namespace tiercel
