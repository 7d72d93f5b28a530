// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

namespace tiercel {

/// Which counter of a function ran out; the lowest two bits of what compiled code reports.
enum class TripKind : uint32_t { Calls = 0, Loops = 1 };

} // namespace tiercel
