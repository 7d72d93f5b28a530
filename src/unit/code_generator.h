// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's code generator for one optimisation level, set up once and used for many units: making the pass
// pipeline costs about as much as generating code for a small function.
// Thread rule: belongs to a session.
#pragma once

#include "tiercel/error.h"

#include "base/thread_annotations.h"
#include "platform/host_cpu.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace tiercel {

class CodeGenerator {
public:
  /// `useItsFeatures` false: functions that name no CPU get the x86-64 baseline. `directCalls`: in the form
  /// of unit/direct_calls.h.
  static Result<std::unique_ptr<CodeGenerator>> create(const HostCpu& cpu, bool useItsFeatures,
                                                       bool directCalls, llvm::CodeGenOptLevel level);

  llvm::TargetMachine& target() { return *target_; }
  /// The relocatable ELF object of `module`, which is consumed. Errors arrive at the context's diagnostic
  /// handler; fatal ones end the call that base/fatal_errors.h is to recover.
  llvm::SmallVector<char, 0> run(llvm::Module& module);
  /// Forgets a run in which errors were reported: LLVM goes on after one as well as it can.
  void forget() { passes_.reset(); }

  /// Held while any pipeline is made, which takes locks of LLVM's for the process. Innermost. Who forks holds
  /// it: in the child these would stay locked by a thread that does not exist there.
  static Mutex& forkMutex();

private:
  CodeGenerator() : stream_(object_) {}
  bool makePasses() TIERCEL_EXCLUDES(forkMutex());

  std::unique_ptr<llvm::TargetMachine> target_;
  llvm::SmallVector<char, 0> object_;
  llvm::raw_svector_ostream stream_;
  std::unique_ptr<llvm::legacy::PassManager> passes_; ///< null: to be made again
};

/// Errors that LLVM reported of a unit, as what is wrong with it.
std::string whyNotGenerated(llvm::StringRef errors);

} // namespace tiercel
