// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What code that holds the body of another function depends on. Thread rule: plain data.
#pragma once

#include "base/ids.h"

namespace tiercel {

/// The body of a function as it was when somebody took it: it is current as long as the record's serial is
/// this one (registry/records.h).
struct Dependency {
  FunctionId function;
  uint32_t serial = 0;
  uint32_t epoch = 0; ///< of its code: changes also with what the body uses
};

} // namespace tiercel
