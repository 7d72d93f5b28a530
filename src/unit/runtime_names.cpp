// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/runtime_names.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/RuntimeLibcalls.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace tiercel {

void forEachRuntimeName(llvm::function_ref<void(llvm::StringRef name)> use) {
  const llvm::Triple triple(llvm::sys::getProcessTriple());
  const llvm::RTLIB::RuntimeLibcallsInfo calls(triple);
  for (const llvm::RTLIB::LibcallImpl impl : llvm::RTLIB::libcall_impls()) {
    if (calls.isAvailable(impl))
      use(llvm::RTLIB::RuntimeLibcallsInfo::getLibcallImplName(impl));
  }
  const llvm::TargetLibraryInfoImpl described(triple);
  const llvm::TargetLibraryInfo library(described);
  for (unsigned function = 0; function < llvm::NumLibFuncs; ++function) {
    if (library.has(static_cast<llvm::LibFunc>(function)))
      use(library.getName(static_cast<llvm::LibFunc>(function)));
  }
  for (const char* name : {"bcmp", "__tls_get_addr"}) // that neither lists
    use(name);
}

} // namespace tiercel
