// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of functions whose types are known only at run time.
#pragma once

#include "session_value.h"

#include <span>

namespace tiercel::cli::session {

struct Argument {
  Value value;
  /// How the callee finds an integer of less than 32 bits in its register: C compilers rely on its being
  /// extended by the sign for signed types, with zeros for unsigned ones, and IR types do not tell which.
  bool extendSign = false;
};

/// Calls `function` by the C calling convention. A signal or an exception that leaves the function does what
/// it does natively: nothing is caught on the way.
Value callFunction(void* function, Type result, std::span<const Argument> arguments);

} // namespace tiercel::cli::session
