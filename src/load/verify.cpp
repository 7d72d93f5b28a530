// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/verify.h"

#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

namespace tiercel {

namespace {

Error notValid(const std::string& where, llvm::StringRef problems) {
  return Error(ErrorKind::BadInput, where, "the IR is not valid: " + problems.rtrim().str());
}

} // namespace

Status verify(const llvm::Function& function, const std::string& name) {
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyFunction(function, &stream))
    return notValid(name + ": function " + function.getName().str(), problems);
  return {};
}

Status verify(const llvm::Module& module, const std::string& name) {
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (!llvm::verifyModule(module, &stream))
    return {};
  // The verifier's own words may not say which function they are about.
  for (const llvm::Function& function : module) {
    if (Status status = verify(function, name); !status)
      return status;
  }
  return notValid(name, problems);
}

} // namespace tiercel
