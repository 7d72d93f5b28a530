// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pthread_cancel and pthread_exit unwind through the program's frames: destructors and cleanup handlers run.
#include <cstdio>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
static sem_t ready;
struct Guard {
  int n;
  ~Guard() { std::printf("~%d\n", n); }
};
static void cleanup(void *text) { std::puts(static_cast<const char *>(text)); }
static void descend(int n, bool cancelled) {
  Guard guard{n};
  if (n > 0) {
    descend(n - 1, cancelled);
    return;
  }
  if (!cancelled)
    pthread_exit(const_cast<char *>("result of pthread_exit"));
  sem_post(&ready);
  pause();
}
static void *body(void *argument) {
  pthread_cleanup_push(cleanup, const_cast<char *>("cleanup handler"));
  descend(5, argument != nullptr);
  pthread_cleanup_pop(0);
  return nullptr;
}
int main() {
  sem_init(&ready, 0, 0);
  pthread_t thread;
  void *result;
  pthread_create(&thread, nullptr, body, &thread);
  sem_wait(&ready);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  std::printf("cancelled: %d\n", result == PTHREAD_CANCELED);
  pthread_create(&thread, nullptr, body, nullptr);
  pthread_join(thread, &result);
  std::puts(static_cast<const char *>(result));
}
