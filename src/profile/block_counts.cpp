// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A profile beside the code it was made for.
#include "tiercel/profile.h"

#include "base/diagnostics.h"
#include "base/llvm_error.h"
#include "load/input.h"
#include "load/unnamed_values.h"
#include "profile/reconstruct.h"
#include "unit/content_hash.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace tiercel {

namespace {

std::string labelOf(const llvm::BasicBlock& block, size_t number) {
  return block.hasName() ? block.getName().str() : std::to_string(number);
}

} // namespace

Result<std::vector<FunctionBlocks>> blockCounts(const Profile& profile, const std::string& programFile) {
  Result<Input> input = readInput(programFile);
  if (!input)
    return input.takeError();
  if (input->kind != InputKind::Bitcode)
    return Error(ErrorKind::BadInput, programFile, "it has no LLVM IR, so it has no blocks to show");
  llvm::LLVMContext context;
  context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>());
  llvm::Expected<std::unique_ptr<llvm::Module>> module =
      llvm::parseBitcodeFile(input->bytes->getMemBufferRef(), context);
  if (!module)
    return fromLlvm(module.takeError(), ErrorKind::BadInput, programFile);
  nameUnnamedValues(**module); // as when the profile was written

  std::vector<FunctionBlocks> result;
  for (const llvm::Function& function : **module) {
    if (function.isDeclaration())
      continue;
    const uint64_t hash = contentHash(function);
    const FunctionProfile* found = profile.find(hash, {function.getName().data(), function.getName().size()});
    if (!found)
      continue;
    const EdgePlan plan(function);
    // Another body with this hash, or a file that was edited.
    if (plan.sites.size() != found->counts.size())
      continue;
    const Frequencies frequencies = reconstruct(plan, found->counts);
    FunctionBlocks blocks{.name = function.getName().str(), .profile = found, .blocks = {}};
    for (const llvm::BasicBlock& block : function) {
      const size_t number = blocks.blocks.size();
      blocks.blocks.push_back({labelOf(block, number), frequencies.blocks[number]});
    }
    result.push_back(std::move(blocks));
  }
  return result;
}

} // namespace tiercel
