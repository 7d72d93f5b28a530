// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Atomic operations of 1 to 8 bytes and volatile, on four threads.
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static _Atomic unsigned char byte;
static _Atomic short word;
static atomic_int number;
static atomic_long total;
static _Atomic double real;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static int guarded;
static _Atomic struct pair { int a, b; } pair;
static int *_Atomic pointer;
static int cells[1000];
static void locked_increment(void) {
  while (atomic_flag_test_and_set_explicit(&flag, memory_order_acquire)) {
  }
  ++guarded;
  atomic_flag_clear_explicit(&flag, memory_order_release);
}
static void bump_pair(void) {
  struct pair old = atomic_load(&pair), new;
  do {
    new = (struct pair){old.a + 1, old.b - 1};
  } while (!atomic_compare_exchange_weak(&pair, &old, new));
}
static void *body(void *unused) {
  for (int i = 0; i < 5000; ++i) {
    atomic_fetch_add(&byte, 3);
    atomic_fetch_xor(&word, (short)i);
    atomic_fetch_or(&number, 1 << i % 20);
    atomic_fetch_sub_explicit(&total, i, memory_order_relaxed);
    real += 0.5;
    bump_pair();
    locked_increment();
    atomic_fetch_add(&pointer, i % 3 == 0);
    __atomic_fetch_nand(&cells[i % 1000], i, __ATOMIC_SEQ_CST);
    __sync_fetch_and_add(&cells[(i + 500) % 1000], 0);
  }
  return unused;
}
int main(void) {
  pthread_t thread[4];
  pointer = cells;
  for (int i = 0; i < 4; ++i)
    pthread_create(&thread[i], NULL, body, NULL);
  for (int i = 0; i < 4; ++i)
    pthread_join(thread[i], NULL);
  struct pair p = pair;
  printf("%d %d %x %ld %.1f %d %d %d %d\n", byte, word, (unsigned)number, (long)total, (double)real, p.a, p.b, guarded,
         (int)(pointer - cells));
  return 0;
}
