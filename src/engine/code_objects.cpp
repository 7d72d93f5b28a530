// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making code objects: from the program's images to one relocatable object, and what it binds to.
#include "base/diagnostics.h"
#include "base/fatal_errors.h"
#include "engine/engine_impl.h"
#include "load/type_checks.h"
#include "load/verify.h"
#include "object/code_module.h"
#include "object/code_object_impl.h"
#include "optimize/optimizer.h"
#include "platform/program_state_guard.h"
#include "platform/stack.h"
#include "unit/code_generator.h"
#include "unit/extractor.h"
#include "unit/target_attributes.h"

#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"

#include <optional>

namespace tiercel {

namespace {

std::string compileAt(unsigned tier) { return "code object at tier " + std::to_string(tier); }

Error cannotCompile(const FatalCompile& compile) {
  return Error(ErrorKind::Unsupported, "code object",
               "LLVM cannot compile it at tier " + std::to_string(compile.tier) + ": " + compile.said);
}

/// In a context of its own, so that nothing of the module outlives the compile. `from` becomes the bitcode of
/// what is compiled.
Result<RelocatableCode> compileObject(Registry& registry, const HostCpu& cpu, bool verify,
                                      const std::vector<std::string>& functions, unsigned tier,
                                      FatalCompiles& fatal, std::string& from) {
  llvm::LLVMContext context;
  auto collector = std::make_unique<DiagnosticCollector>();
  DiagnosticCollector& diagnostics = *collector;
  context.setDiagnosticHandler(std::move(collector));
  Result<CodeModule> gathered = gatherCode(registry, functions, context);
  if (!gathered)
    return gathered.takeError();
  llvm::Module& module = *gathered->module;
  llvm::raw_string_ostream stream(from);
  llvm::WriteBitcodeToFile(module, stream);
  if (const std::optional<FatalCompile> before = fatal.find(compileAt(tier), from))
    return cannotCompile(*before);
  if (verify) {
    if (Status status = tiercel::verify(module, "code object"); !status)
      return status.takeError();
  }
  Result<std::unique_ptr<CodeGenerator>> generator = CodeGenerator::create(
      cpu, tier > 0, /*directCalls=*/false, *llvm::CodeGenOpt::getLevel(static_cast<int>(tier)));
  if (!generator)
    return generator.takeError();
  TargetAttributes attributes(cpu.features);
  const bool mayCheck = mayCheckTypes(module);
  for (llvm::Function& function : module) {
    if (function.isDeclaration())
      continue;
    if (Status status = mayCheck ? lowerTypeChecks(function) : Status(); !status)
      return status.takeError();
    dropUnoptimisedMarks(function);
    if (tier > 0)
      attributes.raise(function);
  }
  optimizeModule(module, (*generator)->target(), tier);
  RelocatableCode code;
  code.functions = std::move(gathered->functions);
  code.variables = std::move(gathered->variables);
  code.slots = findPointerSlots(module);
  code.object = (*generator)->run(module);
  if (std::string errors = diagnostics.take(); !errors.empty())
    return Error(ErrorKind::BadInput, "code object", whyNotGenerated(errors));
  return code;
}

} // namespace

Result<CodeObject> EngineImpl::makeCodeObject(const std::vector<std::string>& functions,
                                              const CodeObjectOptions& options) {
  if (options.tier > kTopTier)
    return Error(ErrorKind::BadInput, "tier " + std::to_string(options.tier), "tiers are 0 to 3");
  if (options.memory && options.at)
    return Error(ErrorKind::BadInput, "code object", "memory of the client's chooses its addresses itself");
  std::optional<Result<RelocatableCode>> code;
  std::optional<std::string> said; // by LLVM, if it ended the compile
  std::string from;
  {
    ProgramStateGuard guard;
    Result<Stack> stack = Stack::create();
    if (!stack)
      return stack.takeError();
    // What it is made from stays as it is meanwhile.
    LockGuard lock(loadMutex_);
    stack->run([&] {
      said = recoverFromFatalErrors([&] {
        code = compileObject(registry_, cpu_, options_.verify, functions, options.tier, pool_.fatal(), from);
      });
    });
  }
  if (said) {
    const FatalCompile fatal{options.tier, *said};
    pool_.fatal().add(compileAt(options.tier), from, fatal, /*dispensable=*/false);
    code = cannotCompile(fatal);
  }
  if (!*code) {
    statistics_.failed.add();
    return code->takeError();
  }
  // The client's memory manager is called in the client's state, on its stack.
  Result<std::unique_ptr<CodeObjectImpl>> made = CodeObjectImpl::make(
      std::move(**code), [this](llvm::StringRef name, bool weak) { return outsideAddress(name, weak); },
      options);
  if (!made)
    return made.takeError();
  return CodeObject(std::move(*made));
}

/// What stays where it is when the engine goes: not the functions that it supplies to its own program.
std::optional<void*> EngineImpl::outsideAddress(llvm::StringRef name, bool weak) {
  if (const SymbolRef ref = registry_.find(name); ref.kind == SymbolKind::Absolute)
    return reinterpret_cast<void*>(ref.offset);
  if (name.starts_with("__cpu_")) // of the compiler's library, linked into every program
    return host_.findLoaded(name);
  if (host_.has(name, weak)) {
    if (std::optional<void*> address = host_.findInThisThread(name))
      return address;
  }
  return weak ? std::optional<void*>(nullptr) : std::nullopt;
}

Result<CodeObject> Engine::makeCodeObject(const std::vector<std::string>& functions,
                                          const CodeObjectOptions& options) {
  return impl_->makeCodeObject(functions, options);
}

} // namespace tiercel
