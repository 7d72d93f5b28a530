// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command's own heap (private_heap.cpp).
#pragma once

namespace tiercel::cli {

/// Sanitizers give the whole process one heap.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kHasPrivateHeap = false;
#else
inline constexpr bool kHasPrivateHeap = true;
#endif

/// Gives what is free in it back to the system. Thread rule: any thread.
void giveBackHeap();

} // namespace tiercel::cli
