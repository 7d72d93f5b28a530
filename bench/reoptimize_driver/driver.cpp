// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// reoptimize_driver FILE [ARGS...]
//
// Runs a program with ORC's own ReOptimizeLayer, put together from LLVM's parts as its documentation and
// tests have them: every function is a module of its own, compiled without optimisation on first lookup; one
// that has been called ten times (the layer's own threshold) is optimised with LLVM's O2 pipeline and code
// generator, and calls are redirected to it.
//
// What a function refers to is looked up with it, so nearly the whole program is compiled before main. LLVM
// 22's IRPartitionLayer crashes on tables of block addresses (Lua's interpreter loop has one).

#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/IRPartitionLayer.h>
#include <llvm/ExecutionEngine/Orc/JITLinkRedirectableSymbolManager.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ReOptimizeLayer.h>
#include <llvm/ExecutionEngine/Orc/TargetProcess/TargetExecutionUtils.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

using namespace llvm;
using namespace llvm::orc;

namespace {

constexpr const char* OptimizedFlag = "reoptimize_driver.optimized";
ExitOnError orExit("reoptimize_driver: ");

/// Compiles a module without optimisation, or with, if it was optimised.
class TwoLevelCompiler : public IRCompileLayer::IRCompiler {
public:
  explicit TwoLevelCompiler(JITTargetMachineBuilder builder)
      : IRCompiler(irManglingOptionsFromTargetOptions(builder.getOptions())), builder_(std::move(builder)) {}

  Expected<std::unique_ptr<MemoryBuffer>> operator()(Module& module) override {
    auto builder = builder_;
    builder.setCodeGenOptLevel(module.getModuleFlag(OptimizedFlag) ? CodeGenOptLevel::Default
                                                                   : CodeGenOptLevel::None);
    auto machine = builder.createTargetMachine();
    if (!machine)
      return machine.takeError();
    return SimpleCompiler(**machine)(module);
  }

private:
  JITTargetMachineBuilder builder_;
};

Error optimize(JITTargetMachineBuilder builder, ThreadSafeModule& module) {
  auto machine = builder.createTargetMachine();
  if (!machine)
    return machine.takeError();
  module.withModuleDo([&](Module& m) {
    LoopAnalysisManager loops;
    FunctionAnalysisManager functions;
    CGSCCAnalysisManager components;
    ModuleAnalysisManager modules;
    PassBuilder passes(machine->get());
    passes.registerModuleAnalyses(modules);
    passes.registerCGSCCAnalyses(components);
    passes.registerFunctionAnalyses(functions);
    passes.registerLoopAnalyses(loops);
    passes.crossRegisterProxies(loops, functions, components, modules);
    passes.buildPerModuleDefaultPipeline(OptimizationLevel::O2).run(m, modules);
    m.addModuleFlag(Module::Warning, OptimizedFlag, 1);
  });
  return Error::success();
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    errs() << "usage: reoptimize_driver FILE [ARGS...]\n";
    return 2;
  }
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  InitializeNativeTargetAsmParser();

  auto context = std::make_unique<LLVMContext>();
  SMDiagnostic diagnostic;
  auto module = parseIRFile(argv[1], diagnostic, *context);
  if (!module) {
    diagnostic.print("reoptimize_driver", errs());
    return 125;
  }

  auto builder = orExit(JITTargetMachineBuilder::detectHost());
  auto jit = orExit(LLJITBuilder()
                        .setJITTargetMachineBuilder(builder)
                        .setObjectLinkingLayerCreator(
                            [](ExecutionSession& session) -> Expected<std::unique_ptr<ObjectLayer>> {
                              return std::make_unique<ObjectLinkingLayer>(session);
                            })
                        .setPlatformSetUp(ExecutorNativePlatform(ORC_RUNTIME))
                        .create());
  auto& session = jit->getExecutionSession();
  auto& objects = static_cast<ObjectLinkingLayer&>(jit->getObjLinkingLayer());
  auto redirection = orExit(JITLinkRedirectableSymbolManager::Create(objects));

  IRCompileLayer compiling(session, objects, std::make_unique<TwoLevelCompiler>(builder));
  auto layout = jit->getDataLayout();
  ReOptimizeLayer reoptimizing(session, layout, compiling, *redirection);
  reoptimizing.setReoptimizeFunc([&](ReOptimizeLayer&, uint64_t, unsigned, ResourceTrackerSP,
                                     ThreadSafeModule& m) { return optimize(builder, m); });
  orExit(reoptimizing.registerRuntimeFunctions(*jit->getPlatformJITDylib()));
  IRPartitionLayer partitioning(session, reoptimizing);

  auto& program = jit->getMainJITDylib();
  module->setDataLayout(layout);
  orExit(partitioning.add(program, ThreadSafeModule(std::move(module), std::move(context))));
  orExit(jit->initialize(program));
  auto entry = orExit(jit->lookup(program, "main"));
  std::vector<std::string> args(argv + 2, argv + argc);
  int status = runAsMain(entry.toPtr<int (*)(int, char*[])>(), args, StringRef(argv[1]));
  orExit(jit->deinitialize(program));
  fflush(stdout);
  // Threads of the program may still run, and code must stay: nothing is taken down.
  _Exit(status);
}
