// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/mman.h>

#if __has_feature(address_sanitizer)
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Defined in stack_switch.S: calls function(argument) with rsp = top.
extern "C" void tiercel_call_on_stack(void (*function)(void*), void* argument, void* top);

namespace tiercel {

namespace {
constexpr size_t kPage = 4096; ///< the guard, below, and what holds the Place, above

/// Addresses for one stack. They are used again when it has gone, and never for anything else: who saw a
/// thread there a moment ago can still ask what it was on. The list is read without a lock, so that nothing
/// leaves it. This is at the upper end of the addresses: whoever needs a stack may have too little left to
/// allocate memory. So the first frame begins below: a handler may interrupt the switch, even wait in the
/// page fault of its first push, and there as well the stack pointer is inside, not on what follows.
struct alignas(16) Place {
  std::atomic<bool> taken;
  Place* const next;

  static Place* of(std::byte* base) { return reinterpret_cast<Place*>(base + Stack::kSize) - 1; }
  std::byte* base() { return reinterpret_cast<std::byte*>(this + 1) - Stack::kSize; }
};
std::atomic<Place*> places{nullptr};

/// Null, and errno, if the system has no more memory.
std::byte* takePlace() {
  for (Place* place = places.load(std::memory_order_acquire); place != nullptr; place = place->next)
    if (bool taken = false; place->taken.compare_exchange_strong(taken, true, std::memory_order_acquire))
      return place->base();
  void* addresses = mmap(nullptr, Stack::kSize, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (addresses == MAP_FAILED)
    return nullptr;
  mprotect(addresses, kPage, PROT_NONE);
  auto* base = static_cast<std::byte*>(addresses);
  Place* first = places.load(std::memory_order_relaxed);
  do
    new (Place::of(base)) Place{true, first};
  while (!places.compare_exchange_weak(first, Place::of(base), std::memory_order_release));
  return base;
}

/// Gives the memory back, but for the page that says what the addresses are.
void leavePlace(std::byte* base) {
  madvise(base + kPage, Stack::kSize - 2 * kPage, MADV_DONTNEED);
  Place::of(base)->taken.store(false, std::memory_order_release);
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
  if (std::byte* base = takePlace())
    return Stack(base);
  return Error(ErrorKind::Environment, "compile stack", strerror(errno));
}

Stack::Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }

Stack::~Stack() {
  if (base_ != nullptr)
    leavePlace(base_);
}

bool Stack::contains(uintptr_t address) {
  for (Place* place = places.load(std::memory_order_acquire); place != nullptr; place = place->next)
    if (address - reinterpret_cast<uintptr_t>(place->base()) < kSize)
      return true;
  return false;
}

void Stack::call(void (*function)(void*), void* argument) {
  void* top = Place::of(base_);
#if __has_feature(address_sanitizer)
  Announced announced{function, argument};
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, base_ + kPage, kSize - kPage);
  tiercel_call_on_stack(runAnnounced, &announced, top);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  tiercel_call_on_stack(function, argument, top);
#endif
}

} // namespace tiercel
