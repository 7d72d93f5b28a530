// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "optimize/optimizer.h"

#include "base/fatal_errors.h"
#include "optimize/vectorizer_guard.h"
#include "unit/inline_assembly.h"

#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Scalar/LowerMatrixIntrinsics.h"

namespace tiercel {

namespace {

/// clang asks for this pass where -fenable-matrix is given; LLVM's own pipelines leave it out.
void lowerMatrices(llvm::Module& module, llvm::FunctionAnalysisManager& analyses, unsigned level) {
  const bool any = llvm::any_of(
      module, [](const llvm::Function& function) { return function.getName().starts_with("llvm.matrix."); });
  if (!any)
    return;
  llvm::LowerMatrixIntrinsicsPass pass(/*Minimal=*/level == 0);
  for (llvm::Function& function : module) {
    if (!function.isDeclaration())
      analyses.invalidate(function, pass.run(function, analyses));
  }
}

} // namespace

void optimizeModule(llvm::Module& module, llvm::TargetMachine& target, unsigned level,
                    const std::atomic<bool>* givesUp) {
  const RecoverableCode passesRun;
  static const llvm::OptimizationLevel kLevels[] = {llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
                                                    llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level >= 2;
  tuning.SLPVectorization = level >= 2;
  // For linkers that order sections, which nobody does here; and LLVM 22's object streamer forgets to forget
  // it between modules.
  tuning.CallGraphProfile = false;
  if (level > 0)
    keepNamesSingle(module);
  if (tuning.LoopVectorization)
    guardVectorizer(module);
  llvm::PassInstrumentationCallbacks callbacks;
  if (givesUp)
    callbacks.registerShouldRunOptionalPassCallback(
        [givesUp](llvm::StringRef, llvm::Any) { return !givesUp->load(std::memory_order_relaxed); });
  llvm::PassBuilder builder(&target, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  lowerMatrices(module, functions, level);
  llvm::ModulePassManager passes = level == 0 ? builder.buildO0DefaultPipeline(kLevels[0])
                                              : builder.buildPerModuleDefaultPipeline(kLevels[level]);
  passes.run(module, modules);
}

} // namespace tiercel
