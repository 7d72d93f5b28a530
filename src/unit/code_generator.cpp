// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/code_generator.h"

#include "base/fatal_errors.h"
#include "unit/direct_calls.h"
#include "unit/inline_assembly.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/Module.h"
#include "llvm/InitializePasses.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/PassRegistry.h"
#include "llvm/Target/TargetOptions.h"

#include <cassert>

namespace tiercel {

namespace {

/// Whether LLVM's passes would take something of this module along to the next: StackProtector what it knows
/// of local variables, by addresses that the next module's may have; the assembler what it does not reset.
bool leavesTraces(const llvm::Module& module) {
  return llvm::any_of(module,
                      [](const llvm::Function& function) { return function.hasStackProtectorFnAttr(); }) ||
         leavesAssemblerState(module);
}

/// A body that is all assembly, without even a prologue, may have no instruction at all, and code generators
/// add no trap to it. It needs an address of its own, and must not run into other code.
void trapIfEmpty(llvm::Function& function) {
  if (function.isDeclaration() || !function.hasFnAttribute(llvm::Attribute::Naked))
    return;
  if (llvm::Instruction& first = function.getEntryBlock().front(); llvm::isa<llvm::UnreachableInst>(first))
    llvm::CallInst::Create(
        llvm::Intrinsic::getOrInsertDeclaration(function.getParent(), llvm::Intrinsic::trap), "",
        first.getIterator());
}

/// All at once, so that the registry of passes is only read later: readers do not wait for a reader that a
/// fork has left behind, but writers do.
bool registerPasses() {
  llvm::PassRegistry& registry = *llvm::PassRegistry::getPassRegistry();
  for (const auto initialize : {llvm::initializeCore, llvm::initializeAnalysis,
                                llvm::initializeTransformUtils, llvm::initializeScalarOpts,
                                llvm::initializeCodeGen, llvm::initializeGlobalISel, llvm::initializeTarget})
    initialize(registry);
  return true;
}

} // namespace

Mutex& CodeGenerator::forkMutex() {
  static Mutex mutex;
  return mutex;
}

Result<std::unique_ptr<CodeGenerator>> CodeGenerator::create(const HostCpu& cpu, bool useItsFeatures,
                                                             bool directCalls, llvm::CodeGenOptLevel level) {
  llvm::TargetOptions options;
  options.UseInitArray = true;
  // What must not be reached traps, also behind calls that must not return, in place of running into whatever
  // code comes next. Nor is a function empty then.
  options.TrapUnreachable = true;
  options.NoTrapAfterNoreturn = false;
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
  if (!generator->makePasses())
    return Error(ErrorKind::Internal, "code generator",
                 "LLVM's does not emit objects for " + cpu.triple.str());
  return generator;
}

bool CodeGenerator::makePasses() {
  LockGuard lock(forkMutex());
  [[maybe_unused]] static const bool registered = registerPasses();
  passes_ = std::make_unique<llvm::legacy::PassManager>();
  return !target_->addPassesToEmitFile(*passes_, stream_, nullptr, llvm::CodeGenFileType::ObjectFile,
                                       /*DisableVerify=*/true);
}

llvm::SmallVector<char, 0> CodeGenerator::run(llvm::Module& module) {
  if (!passes_) {
    [[maybe_unused]] const bool made = makePasses();
    assert(made && "it could be done before");
  }
  const RecoverableCode passesRun;
  object_.clear();
  for (llvm::Function& function : module)
    trapIfEmpty(function);
  const bool spent = leavesTraces(module);
  passes_->run(module);
  if (spent)
    passes_.reset();
  return llvm::SmallVector<char, 0>(object_.begin(), object_.end());
}

std::string whyNotGenerated(llvm::StringRef errors) {
  return (errors.contains("<inline asm>") ? "its inline assembly cannot be assembled: "
                                          : "no machine code can be made of it: ") +
         errors.rtrim().str();
}

} // namespace tiercel
