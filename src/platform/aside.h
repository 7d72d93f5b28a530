// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work that opens files, for the program's threads and workers: descriptors are given lowest first, and a
// program can tell when another has taken one. It is done on a thread made for it, which has a descriptor
// table of its own. Thread rule: any thread with all signals blocked, not in a signal handler. Allocates.
#pragma once

#include "tiercel/error.h"

#include <functional>

namespace tiercel {

/// Calls `work` on that thread, which starts with an empty table, and waits for it. Fails, without calling
/// it, if the system gives no thread or no table.
Status runAside(const std::function<void()>& work);
/// From now on it fails, or does not: a filter of the program's would end a thread that makes another.
void permitAside(bool permitted);

} // namespace tiercel
