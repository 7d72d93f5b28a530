// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A unit: what is compiled at once, as a module of its own (DESIGN decision D3). It defines one function;
// everything else that the function refers to is a declaration with a link name.
// Thread rule: belongs to the session whose context it is made in.
#pragma once

#include "artifact/assumptions.h"
#include "base/ids.h"

#include "llvm/IR/Module.h"

#include <memory>
#include <string>
#include <vector>

namespace tiercel {

struct Unit {
  std::unique_ptr<llvm::Module> module;
  llvm::Function* function = nullptr;
  FunctionId id;
  ImageId image;
  /// Globals that must have an address and their initial values before the code runs.
  std::vector<GlobalId> data;
  /// Functions of the program that it mentions.
  std::vector<FunctionId> references;
  /// What it was told of the rest of the program, copies of other functions' bodies among it.
  Assumptions assumptions;
  /// It has copies of functions that must be inlined, or coroutine intrinsics: passes that even tier 0 needs.
  bool needsLowering = false;
  /// Addresses of its blocks may outlive an activation or be seen by other code: there may be only one
  /// version of this function (see unit/block_addresses.h).
  bool blockAddressesEscape = false;
};

} // namespace tiercel
