// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers make first calls on threads that are in malloc and have made none of their own.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#define F(n) static void f##n(void) { atomic_fetch_add(&sum, n); }
#define F8(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
static atomic_int sum, stop;
F8(1) F8(2) F8(3) F8(4)
#define P(n) f##n,
#define P8(n) P(n##0) P(n##1) P(n##2) P(n##3) P(n##4) P(n##5) P(n##6) P(n##7)
static void (*volatile table[])(void) = {P8(1) P8(2) P8(3) P8(4)};
static void (*volatile next)(void);
static void handler(int number) {
  (void)number;
  if (next)
    next();
  atomic_store(&stop, 1);
}
static void *work(void *ready) {
  do {
    void *blocks[8];
    for (int i = 0; i < 8; ++i)
      blocks[i] = malloc(3000 + 40000 * (i & 1));
    for (int i = 0; i < 8; ++i)
      free(blocks[i]);
    atomic_store((atomic_int *)ready, 1);
  } while (!atomic_load(&stop));
  return NULL;
}
static int run(void (*function)(void), unsigned microseconds) {
  atomic_int ready = 0;
  pthread_t thread;
  next = function;
  atomic_store(&stop, 0);
  if (pthread_create(&thread, NULL, work, &ready))
    return 1;
  while (!atomic_load(&ready))
    usleep(100);
  usleep(microseconds);
  pthread_kill(thread, SIGUSR1);
  return pthread_join(thread, NULL);
}
int main(void) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  if (run(NULL, 100)) // now the thread's own functions have code
    return 1;
  for (unsigned i = 0; i < sizeof table / sizeof *table; ++i)
    if (run(table[i], 100 + 10 * i))
      return 1;
  printf("%d\n", atomic_load(&sum));
  return 0;
}
