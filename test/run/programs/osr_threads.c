// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight threads in the same loops at the same time: each leaves for better code, with its own values.
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
enum { threads = 8 };
static pthread_barrier_t start;
static _Atomic long shared_sum;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static long guarded;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long protected_sum;
__attribute__((noinline)) static unsigned own(unsigned seed, int n) {
  unsigned h = seed, cells[32] = {0};
  for (int i = 0; i < n; ++i) {
    h = h * 1664525 + 1013904223;
    cells[h >> 27] ^= h;
    for (unsigned k = 0; k < (h >> 29); ++k)
      cells[k] += h;
  }
  for (int i = 0; i < 32; ++i)
    h = h * 31 + cells[i];
  return h;
}
__attribute__((noinline)) static void shared(int n) {
  for (int i = 0; i < n; ++i) {
    atomic_fetch_add_explicit(&shared_sum, i & 3, memory_order_relaxed);
    long old = atomic_load(&shared_sum);
    while (!atomic_compare_exchange_weak(&shared_sum, &old, old + 1))
      ;
  }
}
__attribute__((noinline)) static void locked(int n) {
  for (int i = 0; i < n; ++i)
    if (i % 2) {
      while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        sched_yield();
      guarded += i;
      atomic_flag_clear_explicit(&lock, memory_order_release);
    } else {
      pthread_mutex_lock(&mutex);
      protected_sum += i;
      pthread_mutex_unlock(&mutex);
    }
}
static void *body(void *argument) {
  unsigned *result = argument;
  pthread_barrier_wait(&start);
  *result = own(*result, 40000);
  pthread_barrier_wait(&start);
  shared(10000);
  pthread_barrier_wait(&start);
  locked(4000);
  return 0;
}
int main(void) {
  pthread_t ids[threads];
  unsigned results[threads];
  pthread_barrier_init(&start, 0, threads);
  for (unsigned i = 0; i < threads; ++i) {
    results[i] = i + 1;
    pthread_create(&ids[i], 0, body, &results[i]);
  }
  for (int i = 0; i < threads; ++i) {
    pthread_join(ids[i], 0);
    printf("%u\n", results[i]);
  }
  printf("%ld %ld %ld\n", atomic_load(&shared_sum), guarded, protected_sum);
  return 0;
}
