// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/own_stack.h"

#include "platform/stack.h"

#include <csignal>
#include <pthread.h>

namespace tiercel {

namespace {

/// An address range.
struct Range {
  uintptr_t begin = 0;
  size_t size = 0;
  bool contains(uintptr_t address) const { return address - begin < size; }
};

thread_local Range known; ///< the thread's own, once it was asked for

Range alternateStack() {
  stack_t alternate{};
  if (sigaltstack(nullptr, &alternate) != 0 || (alternate.ss_flags & SS_DISABLE) != 0)
    return {};
  return {reinterpret_cast<uintptr_t>(alternate.ss_sp), alternate.ss_size};
}

/// What the thread was made with. Its mapping may hold more: stacks of coroutines that come from the same
/// pool, or that the kernel has merged it with.
Range primaryStack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0)
    return {};
  void* begin = nullptr;
  size_t size = 0;
  const bool found = pthread_attr_getstack(&attributes, &begin, &size) == 0;
  pthread_attr_destroy(&attributes);
  return found ? Range{reinterpret_cast<uintptr_t>(begin), size} : Range();
}

} // namespace

bool isKnownStack(uintptr_t sp) { return known.contains(sp); }

bool isOwnStack(uintptr_t sp) {
  if (Stack::contains(sp) || alternateStack().contains(sp))
    return true;
  known = primaryStack();
  return known.size == 0 || known.contains(sp);
}

} // namespace tiercel
