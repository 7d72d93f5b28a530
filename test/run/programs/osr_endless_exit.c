// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Main's loop has no end; another thread ends the program with exit once the loop has turned often enough.
// STATUS: 7
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
static _Atomic unsigned long turns;
static void at_exit(void) { printf("%d\n", atomic_load(&turns) >= 3000000); }
static void *watch(void *argument) {
  (void)argument;
  while (atomic_load(&turns) < 3000000)
    sched_yield();
  exit(7);
}
int main(void) {
  atexit(at_exit);
  pthread_t thread;
  pthread_create(&thread, 0, watch, 0);
  for (;;)
    for (int i = 0; i < 1000; ++i)
      atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
}
