// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/lazy_entry.h"

#include <algorithm>
#include <cpuid.h>

extern "C" {
// Read by lazy_entry.S.
__attribute__((visibility("hidden"))) uint64_t tiercel_xsave_size = 0;
__attribute__((visibility("hidden"))) uint32_t tiercel_xsave_mask = 0;
}

namespace tiercel {

Status prepareLazyEntry() {
  // Intel SDM volume 1, chapter 13: CPUID.1:ECX[27] says that the system enabled XSAVE; leaf 0xD describes
  // the components. x87, SSE, AVX, and the three of AVX-512 can carry arguments; AMX tiles and PKRU cannot
  // be arguments and need not be kept.
  static const Status status = [] {
    constexpr uint32_t kArgumentState = 0b1110'0111;
    constexpr uint64_t kLegacyAndHeader = 512 + 64;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & (1u << 27)))
      return Status(Error(ErrorKind::Environment, "CPU", "XSAVE is needed and this CPU or system lacks it"));
    __get_cpuid_count(0xD, 0, &eax, &ebx, &ecx, &edx);
    const uint32_t mask = eax & kArgumentState;
    uint64_t size = kLegacyAndHeader;
    for (unsigned component = 2; component < 8; ++component) {
      if (!(mask & (1u << component)))
        continue;
      __get_cpuid_count(0xD, component, &eax, &ebx, &ecx, &edx);
      size = std::max<uint64_t>(size, uint64_t(ebx) + eax);
    }
    tiercel_xsave_size = size;
    tiercel_xsave_mask = mask;
    return Status();
  }();
  return status;
}

} // namespace tiercel
