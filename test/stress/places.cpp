// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls from places where little is allowed: on the smallest stacks that a thread may have, from handlers
// that have interrupted the allocator, and from constructors of libraries, under the loader's lock.
#include "stress.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <dlfcn.h>
#include <pthread.h>

namespace tiercel::stress {

namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
const size_t kSmallStack = 256 << 10; // they have frames of several times the size, and thread-locals
#else
const size_t kSmallStack = PTHREAD_STACK_MIN; // asks the system
#endif
constexpr int kSignal = SIGUSR2;
constexpr unsigned kSignals = 20; ///< for each thread that is interrupted

struct Small {
  Stress* stress;
  uint64_t seed;
};

} // namespace

void* Stress::runOnSmallStack(void* raw) {
  const auto* self = static_cast<const Small*>(raw);
  Random random(self->seed);
  Calls calls{};
  self->stress->callALittle(random, calls);
  self->stress->add(calls);
  return nullptr;
}

void Stress::useSmallStacks(uint64_t seed) {
  Random random(seed);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  while (!stop_.load(std::memory_order_relaxed)) {
    Small small{this, random.next()};
    pthread_t thread{};
    const int error = pthread_create(&thread, &attributes, runOnSmallStack, &small);
    ledger_.check(Invariant::SmallStack, error == 0 && pthread_join(thread, nullptr) == 0, [&] {
      return fmt::format("a thread with {} bytes of stack: error {}", kSmallStack, error);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(20)));
  }
  pthread_attr_destroy(&attributes);
}

/// The function has code, which is never changed: without that a host's handlers may not have interrupted the
/// allocator. Its thread-local counts the calls of this thread.
void Stress::handle(int /*signal*/) {
  static thread_local uint64_t handled = 0;
  const int saved = errno;
  const uint64_t counted = reinterpret_cast<uint64_t (*)()>(running_->steady_)();
  if (counted != ++handled)
    running_->miscounted_.fetch_add(1, std::memory_order_relaxed);
  errno = saved;
}

void Stress::interruptMalloc(uint64_t seed) {
  Random random(seed);
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigaction(kSignal, &action, nullptr);
  while (!stop_.load(std::memory_order_relaxed)) {
    std::atomic<bool> enough{false};
    std::thread thread([&enough, from = random.next()] {
      Random sizes(from);
      while (!enough.load(std::memory_order_relaxed)) {
        std::vector<std::string> texts(sizes.below(16));
        for (std::string& text : texts)
          text.resize(sizes.below(4096));
      }
    });
    for (unsigned i = 0; i < kSignals; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(500)));
      pthread_kill(thread.native_handle(), kSignal);
    }
    enough = true;
    thread.join();
    const uint64_t wrong = miscounted_.exchange(0, std::memory_order_relaxed);
    ledger_.check(Invariant::Handler, wrong == 0,
                  [&] { return fmt::format("{} handlers were miscounted", wrong); });
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(20)));
  }
}

void Stress::inConstructor() {
  Random random(constructors_.fetch_add(1, std::memory_order_relaxed));
  Calls calls{};
  running_->callALittle(random, calls);
  running_->add(calls);
}

void Stress::loadLibraries(uint64_t seed) {
  Random random(seed);
  for (uint64_t loaded = 1; !stop_.load(std::memory_order_relaxed); ++loaded) {
    void* library = dlopen(TIERCEL_STRESS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ledger_.check(Invariant::Constructor, library && constructors_ == loaded, [&] {
      return library ? fmt::format("{} constructors ran, not {}", constructors_.load(), loaded)
                     : std::string(dlerror());
    });
    if (library)
      dlclose(library);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(50)));
  }
}

} // namespace tiercel::stress

extern "C" __attribute__((visibility("default"))) void tiercel_stress_in_constructor() {
  tiercel::stress::Stress::inConstructor();
}
