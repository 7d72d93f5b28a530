// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/host_cpu.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace tiercel {

namespace {

void initialiseTargetOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); // inline assembly
  });
}

} // namespace

llvm::Triple machineTriple() { return llvm::Triple("x86_64-unknown-linux-gnu"); }

Result<HostCpu> HostCpu::find(const std::string& name) {
  initialiseTargetOnce();
  HostCpu cpu;
  cpu.triple = machineTriple();
  std::string problem;
  cpu.target = llvm::TargetRegistry::lookupTarget(cpu.triple, problem);
  if (!cpu.target)
    return Error(ErrorKind::Internal, "target " + cpu.triple.str(), problem);

  llvm::SubtargetFeatures features;
  if (name == "native") {
    cpu.name = llvm::sys::getHostCPUName().str();
    for (const auto& feature : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
  } else {
    if (llvm::X86::parseArchX86(name, /*Only64Bit=*/true) == llvm::X86::CK_None)
      return Error(ErrorKind::BadInput, "CPU '" + name + "'",
                   "unknown; 'clang-22 --print-supported-cpus' lists the names");
    cpu.name = name;
    // Asked of the target itself, which knows what implies what.
    const std::unique_ptr<llvm::MCSubtargetInfo> info(
        cpu.target->createMCSubtargetInfo(cpu.triple, name, ""));
    for (const llvm::SubtargetFeatureKV& feature : info->getAllProcessorFeatures()) {
      if (info->getFeatureBits()[feature.Value])
        features.AddFeature(feature.Key, true);
    }
  }
  cpu.features = features.getString();
  std::vector<std::string> sorted = features.getFeatures(); // in whichever order LLVM's table has them
  std::sort(sorted.begin(), sorted.end());
  cpu.content = strongHash(cpu.name + " " + llvm::join(sorted, ","));
  return cpu;
}

} // namespace tiercel
