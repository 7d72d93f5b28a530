// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>

extern "C" { // of its runtime
void __asan_get_shadow_mapping(size_t* scale, size_t* offset);
void __asan_set_shadow_00(uintptr_t shadow, size_t size);
}
#endif

#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace tiercel {

/// Addresses for one stack. They are used again when it has gone, and never for anything else: who saw a
/// thread there a moment ago can still ask what it was on. The list is read without a lock, so that nothing
/// leaves it. This is at the upper end of the addresses: whoever needs a stack may have too little left to
/// allocate memory. So the first frame begins below: a handler may interrupt the switch, even wait in the
/// page fault of its first push, and there as well the stack pointer is inside, not on what follows.
/// Taken and made by stack_switch.S. Not in the unnamed namespace, for the list has to have a name there.
struct alignas(16) StackPlace {
  std::atomic<bool> taken;
  StackPlace* const next;
  std::atomic<pthread_t> user; ///< the thread that has taken it, or none in particular

  static StackPlace* of(std::byte* base) { return reinterpret_cast<StackPlace*>(base + Stack::kSize) - 1; }
  std::byte* base() { return reinterpret_cast<std::byte*>(this + 1) - Stack::kSize; }
};
static_assert(sizeof(StackPlace) == 32 && Stack::kSize == size_t(64) << 20, "stack_switch.S knows them");

extern "C" {
// Defined in stack_switch.S.
void tiercel_call_on_stack(void (*function)(void*), void* argument, void* top); ///< function(argument) there
intptr_t tiercel_take_stack();                                                  ///< a StackPlace, or -errno
// Read by it.
__attribute__((visibility("hidden"))) std::atomic<StackPlace*> tiercel_stack_places{nullptr};
}

namespace {

constexpr size_t kPage = 4096; ///< the guard, below, and what holds the place, above

// ThreadSanitizer sees what threads do on a stack one after another, and not the assembly that takes it.
void noteTaken([[maybe_unused]] StackPlace* place) {
#if __has_feature(thread_sanitizer)
  __tsan_acquire(place);
#endif
}
void noteLeft([[maybe_unused]] StackPlace* place) {
#if __has_feature(thread_sanitizer)
  __tsan_release(place);
#endif
}

/// Gives the memory back, but for the page that says what the addresses are.
void leavePlace(std::byte* base) {
  madvise(base + kPage, Stack::kSize - 2 * kPage, MADV_DONTNEED);
  noteLeft(StackPlace::of(base));
  StackPlace::of(base)->taken.store(false, std::memory_order_release);
}

#if __has_feature(address_sanitizer)
// AddressSanitizer keeps a shadow of "the" stack of a thread and must be told of the change.
struct Announced {
  void (*function)(void*);
  void* argument;
  const void* bottom = nullptr;
  size_t size = 0;
};
/// Clears its notes of the frames that a thread was in which is not there any more. (Its interface for that
/// does nothing where allow_user_poisoning is off.)
void forgetFrames(std::byte* base) {
  size_t scale = 0, offset = 0;
  __asan_get_shadow_mapping(&scale, &offset);
  __asan_set_shadow_00((reinterpret_cast<uintptr_t>(base) >> scale) + offset, Stack::kSize >> scale);
}

void runAnnounced(void* raw) {
  auto* call = static_cast<Announced*>(raw);
  __sanitizer_finish_switch_fiber(nullptr, &call->bottom, &call->size);
  call->function(call->argument);
  __sanitizer_start_switch_fiber(nullptr, call->bottom, call->size);
}
#endif
} // namespace

Result<Stack> Stack::create() {
  const intptr_t taken = tiercel_take_stack();
  if (taken < 0)
    return Error(ErrorKind::Environment, "compile stack", strerror(static_cast<int>(-taken)));
  auto* place = reinterpret_cast<StackPlace*>(taken);
  place->user.store(pthread_t(), std::memory_order_relaxed);
  noteTaken(place);
  return Stack(place->base());
}

void Stack::forgetThreads() {
  for (StackPlace* place = tiercel_stack_places.load(std::memory_order_acquire); place != nullptr;
       place = place->next) {
    const pthread_t user = place->user.load(std::memory_order_relaxed);
    if (user == pthread_self())
      continue;
#if __has_feature(address_sanitizer)
    forgetFrames(place->base()); // nobody forks while on a stack that a Stack owns
#endif
    if (user == pthread_t())
      continue;
    place->taken.store(false, std::memory_order_release);
  }
}

Stack::Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }

Stack::~Stack() {
  if (base_ != nullptr)
    leavePlace(base_);
}

std::optional<Stack::At> Stack::at(uintptr_t address) {
  for (StackPlace* place = tiercel_stack_places.load(std::memory_order_acquire); place != nullptr;
       place = place->next)
    if (address - reinterpret_cast<uintptr_t>(place->base()) < kSize)
      return At{reinterpret_cast<uintptr_t>(place)};
  return std::nullopt;
}

SwitchedStack::SwitchedStack() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  const std::optional<Stack::At> here = Stack::at(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
  if (!here)
    return;
  auto* place = reinterpret_cast<StackPlace*>(here->top);
  place_ = place;
  noteTaken(place);
#if __has_feature(address_sanitizer)
  void* fake = nullptr; // the thread's own, which it keeps
  __sanitizer_start_switch_fiber(&fake, place->base() + kPage, Stack::kSize - kPage);
  __sanitizer_finish_switch_fiber(fake, &bottom_, &size_);
#endif
#endif
}

SwitchedStack::~SwitchedStack() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  if (place_ == nullptr)
    return;
#if __has_feature(address_sanitizer)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, bottom_, size_);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  noteLeft(static_cast<StackPlace*>(place_));
#endif
}

void Stack::call(void (*function)(void*), void* argument) {
  void* top = StackPlace::of(base_);
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
