// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command's own heap (private_heap.cpp).
#pragma once

namespace tiercel::cli {

/// Gives what is free in it back to the system. Thread rule: any thread.
void giveBackHeap();

} // namespace tiercel::cli
