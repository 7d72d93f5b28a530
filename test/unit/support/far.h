// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Free addresses farther from the program than 32 bits reach. Thread rule: plain data.
#pragma once

#include <cstdio>
#include <string>

namespace tiercel {

#if __has_feature(thread_sanitizer) // has shadow for some ranges only, and ends who asks for others
constexpr bool kMayAskForAnyAddress = false;
inline void* const kFar = reinterpret_cast<void*>(0x10000000000);
inline void* const kFarther = reinterpret_cast<void*>(0x14000000000);
#else
constexpr bool kMayAskForAnyAddress = true;
inline void* const kFar = reinterpret_cast<void*>(0x200000000000);
inline void* const kFarther = reinterpret_cast<void*>(0x280000000000);
#endif

inline std::string textOf(const void* address) {
  char text[32];
  (void)snprintf(text, sizeof text, "%p", address);
  return text;
}

} // namespace tiercel
