// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/libc_clone.h"

#include "platform/next_definition.h"

namespace tiercel {

namespace {

NextDefinition<decltype(clone)> next("clone");

} // namespace

decltype(clone)* libcClone() {
  decltype(clone)* found = next.find();
  return found ? found : &clone;
}

} // namespace tiercel
