// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers use thread-locals for the first time in threads that are in malloc, however the threads are made.
// LEVELS: O0 O2
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <string>
#include <thread>
#include <threads.h>
#include <unistd.h>
// Too large for the static block.
thread_local volatile int large[3000] = {5};
thread_local volatile int small = 7;
static std::atomic<int> stop{0}, ready{0}, sum{0};
static std::atomic<void *> kept; // so that nothing is left out
static void handler(int) {
  large[1] = large[0] + 1;
  small = small + 1;
  sum += large[1] + small;
  stop = 1;
}
static void work() {
  do {
    void *blocks[8];
    for (int i = 0; i < 8; ++i)
      kept = blocks[i] = malloc(3000 + 40000 * (i & 1));
    for (void *block : blocks)
      free(block);
    ready = 1;
  } while (!stop);
}
static void interrupt(pthread_t thread, unsigned microseconds) {
  while (!ready)
    usleep(100);
  usleep(microseconds);
  pthread_kill(thread, SIGUSR1);
}
int main() {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(SIGUSR1, &action, nullptr);
  for (unsigned i = 0; i < 60; ++i) {
    stop = ready = 0;
    if (i % 3 == 0) {
      std::thread thread(work);
      interrupt(thread.native_handle(), i);
      thread.join();
    } else if (i % 3 == 1) {
      pthread_t thread;
      if (pthread_create(&thread, nullptr, [](void *) -> void * { return work(), nullptr; }, nullptr))
        return 1;
      interrupt(thread, i);
      pthread_join(thread, nullptr);
    } else {
      thrd_t thread;
      if (thrd_create(&thread, [](void *argument) { return work(), *static_cast<int *>(argument); }, &i))
        return 1;
      interrupt(thread, i);
      int result = 0;
      if (thrd_join(thread, &result) != thrd_success || result != static_cast<int>(i))
        return 1;
    }
  }
  printf("%d, here %d %d\n", sum.load(), large[0], small);
}
