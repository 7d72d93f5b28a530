// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads that end in the middle of a hot loop: pthread_exit and cancellation unwind it and run its destructors.
// LEVELS: O0 frontend O2
#include <atomic>
#include <cstdio>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
static std::atomic<long> destroyed, cleaned, running;
struct Guard {
  ~Guard() { ++destroyed; }
};
static void clean(void *) { ++cleaned; }
[[gnu::noinline]] static long exits(int n) {
  Guard guard;
  long sum = 1;
  for (int i = 0;; ++i) {
    Guard inner;
    sum = (sum * 3 + i) % 1000003;
    if (i == n)
      pthread_exit(reinterpret_cast<void *>(sum));
  }
}
static void *exiting(void *argument) {
  return reinterpret_cast<void *>(exits(static_cast<int>(reinterpret_cast<long>(argument))));
}
static void *cancelled(void *) {
  Guard guard;
  volatile unsigned long sum = 1;
  pthread_cleanup_push(clean, nullptr);
  ++running;
  for (;;) {
    sum = sum * 3 + 1;
    pthread_testcancel();
  }
  pthread_cleanup_pop(1);
  return nullptr;
}
static void *with_catch(void *) {
  volatile long rounds = 0;
  ++running;
  try {
    Guard guard;
    for (;;) {
      rounds = rounds + 1;
      if (rounds % 64 == 0)
        pthread_testcancel();
    }
  } catch (...) {
    ++cleaned;
    throw; // as it has to be
  }
}
int main() {
  pthread_t threads[8];
  void *result;
  for (long i = 0; i < 8; ++i)
    pthread_create(&threads[i], nullptr, exiting, reinterpret_cast<void *>(30000 + i));
  for (pthread_t thread : threads) {
    pthread_join(thread, &result);
    std::printf("%ld ", reinterpret_cast<long>(result));
  }
  std::printf("%ld\n", destroyed.load());
  for (auto *start : {cancelled, with_catch}) {
    running = 0;
    for (int i = 0; i < 4; ++i)
      pthread_create(&threads[i], nullptr, start, nullptr);
    while (running != 4)
      sched_yield();
    usleep(30000);
    for (int i = 0; i < 4; ++i) {
      pthread_cancel(threads[i]);
      pthread_join(threads[i], &result);
      if (result != PTHREAD_CANCELED)
        std::puts("not cancelled");
    }
    std::printf("%ld %ld\n", destroyed.load(), cleaned.load());
  }
}
