// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main returns while other threads run hot functions and make first calls.
// STATUS: 4
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
static atomic_int rounds;
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (n * 2u + 3u) + (x >> 3); }
#define F10(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
F10(1) F10(2) F10(3) F10(4) F10(5)
#define T(n) f##n,
#define T10(n) T(n##0) T(n##1) T(n##2) T(n##3) T(n##4) T(n##5) T(n##6) T(n##7) T(n##8) T(n##9)
static unsigned (*const table[])(unsigned) = {T10(1) T10(2) T10(3) T10(4) T10(5)};
static void *body(void *argument) {
  unsigned x = (unsigned)(size_t)argument;
  for (unsigned i = 0;; ++i) {
    x = table[i % 50](x);
    atomic_fetch_add(&rounds, 1);
  }
  return NULL;
}
static void handler(void) { puts("handler"); }
int main(void) {
  atexit(handler);
  for (size_t i = 0; i < 4; ++i) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, (void *)i);
  }
  while (atomic_load(&rounds) < 30000) {
  }
  puts("main returns");
  return 4;
}
