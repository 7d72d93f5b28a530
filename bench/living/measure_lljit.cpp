// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// measure_lljit HALF.ll HALF.ll TARGET.ll COUNT
//
// A peer of bench/living.py: what ORC's LLJIT offers to replace a function. Its module is removed by its
// ResourceTracker, a new one is added under the same name, looked up and called. Callers keep the address of
// the old code, so nobody may call them any more.
#include "measure.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

using namespace llvm;
using namespace llvm::orc;

namespace {

ExitOnError orExit("measure_lljit: ");

ThreadSafeModule parse(MemoryBufferRef text) {
  auto context = std::make_unique<LLVMContext>();
  SMDiagnostic diagnostic;
  auto module = parseIR(text, diagnostic, *context);
  if (!module)
    fail(diagnostic.getMessage().str());
  return ThreadSafeModule(std::move(module), std::move(context));
}

int64_t call(LLJIT& jit, const char* name, int64_t argument) {
  return orExit(jit.lookup(name)).toPtr<int64_t (*)(int64_t)>()(argument);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    fail("usage: measure_lljit HALF.ll HALF.ll TARGET.ll COUNT");
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  auto builder = orExit(JITTargetMachineBuilder::detectHost());
  builder.setCodeGenOptLevel(CodeGenOptLevel::None);
  auto jit = orExit(LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create());
  JITDylib& library = jit->getMainJITDylib();
  const std::string target = readText(argv[3]);

  for (int half = 1; half <= 2; ++half) {
    const std::string text = readText(argv[half]);
    orExit(jit->addIRModule(parse({text, argv[half]})));
  }
  ResourceTrackerSP tracker = library.createResourceTracker();
  orExit(jit->addIRModule(tracker, parse({versionOf(target, 0), "target.ll"})));
  const double start = nowUs();
  call(*jit, "f0", 1);
  print("half of the program compiled, ms", (nowUs() - start) / 1e3);

  for (int version = 1; version <= std::atoi(argv[4]); ++version) {
    const std::string source = versionOf(target, version);
    const double begin = nowUs();
    orExit(tracker->remove());
    tracker = library.createResourceTracker();
    orExit(jit->addIRModule(tracker, parse({source, "target.ll"})));
    const int64_t result = call(*jit, "target", version);
    print("redefine and call, us", nowUs() - begin);
    if (result != targetOf(version, version))
      fail("the new version is not reached");
  }
}
