// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <sched.h>

namespace tiercel {

/// Returns the C library's clone, also where the executable shows one of its own that follows what the
/// program does (tiercel/system_calls.h). The first call asks the loader. Any thread.
decltype(clone)* libcClone();

} // namespace tiercel
