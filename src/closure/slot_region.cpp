// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "closure/slot_region.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

extern "C" void tiercel_closure_stack_entry();
// Present where a leak checker is linked in: callables on the heap are referred to from slots, which it does
// not know.
extern "C" __attribute__((weak)) void __lsan_register_root_region(const void* begin, size_t bytes);

namespace tiercel {

using detail::ClosureKind;
using detail::ClosureSlot;

namespace {

/// lea disp32(%rip), %reg without its displacement, for the register of each kind.
constexpr uint8_t kLoad[detail::kClosureKinds][3] = {
    {0x48, 0x8d, 0x3d}, // rdi
    {0x48, 0x8d, 0x35}, // rsi
    {0x48, 0x8d, 0x15}, // rdx
    {0x48, 0x8d, 0x0d}, // rcx
    {0x4c, 0x8d, 0x05}, // r8
    {0x4c, 0x8d, 0x0d}, // r9
    {0x4c, 0x8d, 0x1d}, // r11
};
constexpr uint8_t kJump[2] = {0xff, 0x25}; // jmp *disp32(%rip)
constexpr uint8_t kTrap = 0xcc;

/// Bytes and a displacement from behind itself to `target`; returns where the next instruction goes.
template <size_t N> std::byte* emit(std::byte* at, const uint8_t (&bytes)[N], const void* target) {
  std::byte* const end = at + N + sizeof(int32_t);
  const auto displacement = static_cast<int32_t>(static_cast<const std::byte*>(target) - end);
  std::memcpy(at, bytes, N);
  std::memcpy(at + N, &displacement, sizeof displacement);
  return end;
}

/// Memory in the reach of a 32-bit offset from the library's code, which is near the host's, if there is any;
/// else anywhere. Branch predictors are at their best there: the call of a closure costs 1 to 1.5 ns more
/// from further away.
void* mapNearCode(size_t bytes) {
  constexpr uintptr_t kStep = 64 << 20, kReach = uintptr_t(7) << 28;
  static std::atomic<uintptr_t> last; // where the search ended: nothing nearer is free
  const auto code = reinterpret_cast<uintptr_t>(&tiercel_closure_stack_entry);
  // Below the code, because the heap grows above it; but executables that are not position-independent begin
  // at 4 MiB.
  const bool below = code > 2 * kReach;
  uintptr_t hint = last.load(std::memory_order_relaxed);
  if (hint == 0)
    hint = (code - code % kStep) + (below ? -kStep : kReach / 2);
  for (; (below ? code - hint : hint - code) < kReach; hint += below ? -kStep : kStep) {
    const uintptr_t wanted = below ? hint - bytes : hint;
    void* const memory = mmap(reinterpret_cast<void*>(wanted), bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      return memory;
    if (reinterpret_cast<uintptr_t>(memory) == wanted) {
      last.store(below ? wanted : wanted + bytes, std::memory_order_relaxed);
      return memory;
    }
    munmap(memory, bytes);
  }
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

Error refused(const char* what) {
  return Error(ErrorKind::Environment, "closure", std::string(what) + ": " + std::strerror(errno));
}

} // namespace

Result<SlotRegion> SlotRegion::make(ClosureKind kind, size_t codeBytes) {
  // The first thunk's place is left out: it holds the address that all thunks on the stack jump to, and there
  // is mapped memory in front of every thunk for those who look there for the type of a function
  // (-fsanitize=function).
  const size_t thunks = codeBytes / kThunkBytes - 1, bytes = codeBytes + (thunks + 1) * sizeof(ClosureSlot);
  void* const memory = mapNearCode(bytes);
  if (memory == MAP_FAILED)
    return refused("no memory for more");
  auto* const code = static_cast<std::byte*>(memory);
  auto* const slots = reinterpret_cast<ClosureSlot*>(code + codeBytes);

  std::memset(code, kTrap, codeBytes);
  const bool onStack = kind == detail::kClosureOnStack;
  if (onStack) {
    const auto common = reinterpret_cast<uintptr_t>(&tiercel_closure_stack_entry);
    std::memcpy(code, &common, sizeof common);
  }
  for (size_t i = 0; i < thunks; ++i) {
    std::byte* at = emit(code + (i + 1) * kThunkBytes, kLoad[kind], &slots[i]);
    emit(at, kJump, onStack ? static_cast<const void*>(code) : &slots[i].target);
  }
  if (mprotect(memory, codeBytes, PROT_READ | PROT_EXEC) != 0) {
    Error error = refused("no executable memory");
    munmap(memory, bytes);
    return error;
  }
  if (__lsan_register_root_region)
    __lsan_register_root_region(slots, thunks * sizeof(ClosureSlot));
  return SlotRegion(code + kThunkBytes, slots, thunks);
}

ClosureSlot* SlotRegion::next() {
  if (left_ == 0)
    return nullptr;
  --left_;
  auto* const slot = ::new (static_cast<void*>(slot_++)) ClosureSlot;
  slot->code = thunk_;
  thunk_ += kThunkBytes;
  return slot;
}

} // namespace tiercel
