// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/thread_blocks.h"

#include "tiercel/thread.h"

#include "platform/next_definition.h"
#include "platform/signals_blocked.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <pthread.h>
#include <vector>

extern "C" void* __tls_get_addr(size_t* moduleAndOffset); // ELF Handling for Thread-Local Storage, 3.4.2

namespace tiercel {

namespace {

Mutex mutex;
// Never destroyed: threads may be made until the process ends.
std::vector<size_t>& modules() TIERCEL_REQUIRES(mutex) {
  static auto* list = new std::vector<size_t>;
  return *list;
}
std::atomic<bool> anyModules{false}; ///< most programs have none

void use(size_t tlsModule) {
  size_t place[] = {tlsModule, 0};
  __tls_get_addr(place);
}

/// What a thread begins with.
template <typename Run> struct Start {
  Run run;
  void* argument;
};

/// With all signals blocked: what a handler may not meet is this thread in malloc without its blocks.
template <typename Run> Start<Run> begin(void* raw) {
  const SignalsBlocked blocked;
  auto* given = static_cast<Start<Run>*>(raw);
  const Start<Run> start = *given;
  free(given);
  LockGuard lock(mutex);
  for (size_t tlsModule : modules())
    use(tlsModule);
  return start;
}

// The program's function takes the place of this one on the stack: unwinders find nothing of ours.
void* run(void* raw) {
  const Start<void* (*)(void*)> start = begin<void* (*)(void*)>(raw);
  [[clang::musttail]] return start.run(start.argument);
}
int runC11(void* raw) {
  const Start<thrd_start_t> start = begin<thrd_start_t>(raw);
  [[clang::musttail]] return start.run(start.argument);
}

template <typename Run> void* startOf(Run function, void* argument) {
  auto* start = static_cast<Start<Run>*>(malloc(sizeof(Start<Run>)));
  if (start)
    *start = {function, argument};
  return start;
}

// Libc's functions, behind those of the executable that lead here. A sanitizer has its own in the executable.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
auto* createReal() { return &pthread_create; }
auto* createC11Real() { return &thrd_create; }
#else
NextDefinition<decltype(pthread_create)> nextCreate("pthread_create");
NextDefinition<decltype(thrd_create)> nextCreateC11("thrd_create");
auto* createReal() { return nextCreate.find(); }
auto* createC11Real() { return nextCreateC11.find(); }
#endif

} // namespace

void ThreadBlocks::prepare() {
  (void)createReal();
  (void)createC11Real();
}

Mutex& ThreadBlocks::forkMutex() { return mutex; }

void ThreadBlocks::add(size_t tlsModule) {
  use(tlsModule); // the first use of all takes the loader's lock
  LockGuard lock(mutex);
  modules().push_back(tlsModule);
  anyModules.store(true, std::memory_order_relaxed);
}

void ThreadBlocks::remove(size_t tlsModule) {
  LockGuard lock(mutex);
  std::erase(modules(), tlsModule);
  anyModules.store(!modules().empty(), std::memory_order_relaxed);
}

int createThread(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                 void* argument) {
  auto* const real = createReal();
  if (!anyModules.load(std::memory_order_relaxed))
    return real(thread, attributes, function, argument);
  void* start = startOf(function, argument);
  if (!start)
    return EAGAIN;
  const int error = real(thread, attributes, run, start);
  if (error != 0)
    free(start);
  return error;
}

int ThreadBlocks::createThreadC11(thrd_t* thread, thrd_start_t function, void* argument) {
  auto* const real = createC11Real();
  if (!anyModules.load(std::memory_order_relaxed))
    return real(thread, function, argument);
  void* start = startOf(function, argument);
  if (!start)
    return thrd_nomem;
  const int result = real(thread, runC11, start);
  if (result != thrd_success)
    free(start);
  return result;
}

} // namespace tiercel
