// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/code_generator.h"

#include "unit/direct_calls.h"

#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetOptions.h"

namespace tiercel {

Result<std::unique_ptr<CodeGenerator>> CodeGenerator::create(const HostCpu& cpu, bool useItsFeatures,
                                                             bool directCalls, llvm::CodeGenOptLevel level) {
  llvm::TargetOptions options;
  options.UseInitArray = true;
  std::unique_ptr<CodeGenerator> generator(new CodeGenerator);
  const llvm::Target& target = directCalls ? withDirectCalls(*cpu.target) : *cpu.target;
  generator->target_.reset(target.createTargetMachine(cpu.triple, useItsFeatures ? cpu.name : "x86-64",
                                                      useItsFeatures ? cpu.features : "", options,
                                                      llvm::Reloc::PIC_, llvm::CodeModel::Small, level,
                                                      /*JIT=*/false));
  if (!generator->target_)
    return Error(ErrorKind::Internal, "code generator", "LLVM has none for " + cpu.triple.str());
  if (level == llvm::CodeGenOptLevel::None)
    generator->target_->setFastISel(true);
  if (generator->target_->addPassesToEmitFile(generator->passes_, generator->stream_, nullptr,
                                              llvm::CodeGenFileType::ObjectFile, /*DisableVerify=*/true))
    return Error(ErrorKind::Internal, "code generator",
                 "LLVM's does not emit objects for " + cpu.triple.str());
  return generator;
}

llvm::SmallVector<char, 0> CodeGenerator::run(llvm::Module& module) {
  object_.clear();
  passes_.run(module);
  return llvm::SmallVector<char, 0>(object_.begin(), object_.end());
}

} // namespace tiercel
