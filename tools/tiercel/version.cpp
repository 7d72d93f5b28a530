// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel version`: what a bug report needs.

#include "tiercel/options.h"

#include "command.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/TargetParser/Host.h>

#include <fmt/format.h>

namespace tiercel::cli {

std::string versionHelp() {
  return "Prints the versions of Tiercel and of LLVM, the CPU that code is made for, and the tiers.\n"
         "\n"
         "Usage: tiercel version\n";
}

int versionCommand(Arguments args) {
  if (!args.empty()) {
    if (args.front() == "--help" || args.front() == "-h")
      return show(versionHelp());
    return wrongCommandLine(args.front(), "'version' takes no arguments", "tiercel version --help");
  }
  std::string tiers = "0 (LLVM -O0, counting)";
  for (unsigned tier = 1; tier <= kTopTier; ++tier)
    tiers += fmt::format(", {0} (LLVM -O{0})", tier);
  return show(fmt::format("tiercel {}\nLLVM    {}\nhost    {}, {}\ntiers   {}\n", TIERCEL_VERSION,
                          LLVM_VERSION_STRING, LLVM_HOST_TRIPLE, llvm::sys::getHostCPUName().str(), tiers));
}

} // namespace tiercel::cli
