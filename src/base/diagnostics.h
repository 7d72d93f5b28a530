// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM reports errors in code generation (impossible inline assembly and the like) to the context; its
// default is to print them and exit. This collects them for the compile that caused them, and what the
// inliner remarks.
// Thread rule: belongs to a session's context.
#pragma once

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace tiercel {

/// What the inliner decided about one call, by LLVM's names for the functions.
struct InlineRemark {
  std::string caller;
  std::string callee;
  bool inlined;
  std::string reason; ///< in LLVM's words: cost and threshold
};

class DiagnosticCollector : public llvm::DiagnosticHandler {
public:
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (const auto* remark = llvm::dyn_cast<llvm::DiagnosticInfoOptimizationBase>(&info)) {
      collect(*remark);
      return true;
    }
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(errors_);
    if (!errors_.empty())
      stream << "; ";
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }

  /// What was reported since the last call; empty if nothing.
  std::string take() { return std::exchange(errors_, {}); }

  /// Of a compile that failed half way, or whose remarks nobody wanted.
  void clear() {
    errors_.clear();
    remarks_.clear();
  }

  bool isPassedOptRemarkEnabled(llvm::StringRef pass) const override { return pass == "inline"; }
  bool isMissedOptRemarkEnabled(llvm::StringRef pass) const override { return pass == "inline"; }
  bool isAnyRemarkEnabled() const override { return true; }
  std::vector<InlineRemark> takeRemarks() { return std::exchange(remarks_, {}); }

private:
  void collect(const llvm::DiagnosticInfoOptimizationBase& remark) {
    if (remark.getPassName() != "inline")
      return;
    InlineRemark entry;
    entry.inlined = remark.isPassed();
    for (const auto& argument : remark.getArgs()) {
      if (argument.Key == "Callee" && entry.callee.empty())
        entry.callee = argument.Val;
      else if (argument.Key == "Caller" && entry.caller.empty())
        entry.caller = argument.Val;
    }
    entry.reason = remark.getMsg();
    if (!entry.callee.empty() && !entry.caller.empty())
      remarks_.push_back(std::move(entry));
  }

  std::string errors_;
  std::vector<InlineRemark> remarks_;
};

} // namespace tiercel
