// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM reports errors in code generation (impossible inline assembly and the like) to the context; its
// default is to print them and exit. This collects them for the compile that caused them.
// Thread rule: belongs to a session's context.
#pragma once

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace tiercel {

class DiagnosticCollector : public llvm::DiagnosticHandler {
public:
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
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

private:
  std::string errors_;
};

} // namespace tiercel
