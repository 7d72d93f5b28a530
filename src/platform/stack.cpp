// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack.h"

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
  return Stack(static_cast<std::byte*>(base));
}

Stack::Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }

Stack::~Stack() {
  if (base_)
    munmap(base_, kSize);
}

void Stack::call(void (*function)(void*), void* argument) {
#if __has_feature(address_sanitizer)
  Announced announced{function, argument};
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, base_ + kGuard, kSize - kGuard);
  tiercel_call_on_stack(runAnnounced, &announced, base_ + kSize);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  tiercel_call_on_stack(function, argument, base_ + kSize);
#endif
}

} // namespace tiercel
