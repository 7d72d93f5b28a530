// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Textual IR for tests of single passes.
#pragma once

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

namespace tiercel {

/// Never null: IR that does not parse gives a test failure and an empty module.
inline std::unique_ptr<llvm::Module> parseIr(std::string_view text, llvm::LLVMContext& context) {
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module =
      llvm::parseAssemblyString({text.data(), text.size()}, diagnostic, context);
  if (!module) {
    ADD_FAILURE() << diagnostic.getLineNo() << ": " << diagnostic.getMessage().str();
    module = std::make_unique<llvm::Module>("broken", context);
  }
  return module;
}

} // namespace tiercel
