// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code is made for the CPU that runs it (M13), but means what the front end's target made it mean (M1).
//
// Front ends write a CPU and its features on every function; left alone they would hold all code at the
// x86-64 baseline. Optimised functions get the running CPU's features, plus what they ask for beyond them (a
// dispatcher's variant for a better CPU), minus what they exclude explicitly (-mno-avx512f). Tier 0 gains
// nothing from better instructions and keeps the front end's.
//
// Features decide how vectors wider than 128 bits are passed (psABI 3.2.3: with AVX in one register, without
// in two or in memory). Functions that receive, return or pass such values keep the front end's features at
// every tier, so that all of them agree with each other and with native code.
//
// A better CPU must not change results: `a * b + c` that the front end's target would have rounded twice is
// not fused because this CPU could. Where the function's own features lack FMA, llvm.fmuladd becomes a
// multiplication and an addition and the `contract` permission goes, except where the program gave up
// exactness altogether (reassociation).
// Thread rule: an instance belongs to a session.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Function.h"

#include <string>

namespace tiercel {

class TargetAttributes {
public:
  /// `hostFeatures` as LLVM writes them: "+avx2,-sse4a,…".
  explicit TargetAttributes(std::string hostFeatures);

  void raise(llvm::Function& function);

private:
  struct Features {
    bool plain; ///< nothing beyond or against the host's: needs no attribute at all
    bool fma;
    std::string text;
  };
  const Features& combine(llvm::StringRef own);

  std::string hostFeatures_;
  llvm::StringSet<> hostEnabled_;
  llvm::StringMap<Features> combined_; ///< by the function's own feature string
};

} // namespace tiercel
