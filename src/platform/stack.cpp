// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"

#include <atomic>
#include <cstring>
#include <sys/mman.h>

#if __has_feature(address_sanitizer)
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Defined in stack_switch.S: calls function(argument) with rsp = top.
extern "C" void tiercel_call_on_stack(void (*function)(void*), void* argument, void* top);

namespace tiercel {

namespace {
constexpr size_t kGuard = 4096;
/// The first frame begins below the end: a handler may interrupt the switch, even wait in the page fault of
/// its first push, and there as well the stack pointer has to be on the stack, not on what follows it.
constexpr size_t kAboveFrames = 16;

/// Addresses for one stack. They are used again when it has gone, and never for anything else: who saw a
/// thread there a moment ago can still ask what it was on. Never freed, so that the list is read without a
/// lock.
struct Place {
  std::byte* const base;
  std::atomic<bool> taken;
  Place* next;
};
std::atomic<Place*> places{nullptr};

void* reserve(void* where, int fixed) {
  return mmap(where, Stack::kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | fixed,
              -1, 0);
}

/// A free place, or a new one; null if the system has no addresses.
Place* takePlace() {
  for (Place* place = places.load(std::memory_order_acquire); place != nullptr; place = place->next)
    if (bool taken = false; place->taken.compare_exchange_strong(taken, true, std::memory_order_acquire))
      return place;
  void* base = reserve(nullptr, 0);
  if (base == MAP_FAILED)
    return nullptr;
  auto* place = new Place{static_cast<std::byte*>(base), true, places.load(std::memory_order_relaxed)};
  while (!places.compare_exchange_weak(place->next, place, std::memory_order_acq_rel)) {
  }
  return place;
}

/// Gives the memory back, and keeps the addresses.
void leavePlace(std::byte* base) {
  reserve(base, MAP_FIXED);
  for (Place* place = places.load(std::memory_order_acquire); place != nullptr; place = place->next)
    if (place->base == base)
      return place->taken.store(false, std::memory_order_release);
}

#if __has_feature(address_sanitizer)
// AddressSanitizer keeps a shadow of "the" stack of a thread and must be told of the change.
struct Announced {
  void (*function)(void*);
  void* argument;
  const void* bottom = nullptr;
  size_t size = 0;
};
void runAnnounced(void* raw) {
  auto* call = static_cast<Announced*>(raw);
  __sanitizer_finish_switch_fiber(nullptr, &call->bottom, &call->size);
  call->function(call->argument);
  __sanitizer_start_switch_fiber(nullptr, call->bottom, call->size);
}
#endif
} // namespace

Result<Stack> Stack::create() {
  Place* place = takePlace();
  if (place != nullptr && mprotect(place->base + kGuard, kSize - kGuard, PROT_READ | PROT_WRITE) == 0)
    return Stack(place->base);
  Error error(ErrorKind::Environment, "compile stack", strerror(errno));
  if (place != nullptr)
    leavePlace(place->base);
  return error;
}

Stack::Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }

Stack::~Stack() {
  if (base_ != nullptr)
    leavePlace(base_);
}

bool Stack::contains(uintptr_t address) {
  for (const Place* place = places.load(std::memory_order_acquire); place != nullptr; place = place->next)
    if (address - reinterpret_cast<uintptr_t>(place->base) < kSize)
      return true;
  return false;
}

void Stack::call(void (*function)(void*), void* argument) {
#if __has_feature(address_sanitizer)
  Announced announced{function, argument};
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, base_ + kGuard, kSize - kGuard);
  tiercel_call_on_stack(runAnnounced, &announced, base_ + kSize - kAboveFrames);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  tiercel_call_on_stack(function, argument, base_ + kSize - kAboveFrames);
#endif
}

} // namespace tiercel
