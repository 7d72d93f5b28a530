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

/// The list of all stacks, for contains(): an entry is used again after its stack has gone, and never freed,
/// so that the list can be read without a lock.
struct Entry {
  std::atomic<uintptr_t> base; ///< 0: unused
  Entry* next;
};
std::atomic<Entry*> entries{nullptr};

void enter(uintptr_t base) {
  for (Entry* entry = entries.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
    uintptr_t unused = 0;
    if (entry->base.compare_exchange_strong(unused, base, std::memory_order_acq_rel))
      return;
  }
  auto* entry = new Entry{base, entries.load(std::memory_order_relaxed)};
  while (!entries.compare_exchange_weak(entry->next, entry, std::memory_order_acq_rel)) {
  }
}

void leave(uintptr_t base) {
  for (Entry* entry = entries.load(std::memory_order_acquire); entry != nullptr; entry = entry->next)
    if (entry->base.load(std::memory_order_relaxed) == base)
      return entry->base.store(0, std::memory_order_release);
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
  void* base = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (base == MAP_FAILED)
    return Error(ErrorKind::Environment, "compile stack", strerror(errno));
  mprotect(base, kGuard, PROT_NONE);
  enter(reinterpret_cast<uintptr_t>(base));
  return Stack(static_cast<std::byte*>(base));
}

Stack::Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }

Stack::~Stack() {
  if (base_ == nullptr)
    return;
  leave(reinterpret_cast<uintptr_t>(base_)); // first: the system may give the address to the next at once
  munmap(base_, kSize);
}

bool Stack::contains(uintptr_t address) {
  for (const Entry* entry = entries.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
    const uintptr_t base = entry->base.load(std::memory_order_acquire);
    if (base != 0 && address - base < kSize)
      return true;
  }
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
