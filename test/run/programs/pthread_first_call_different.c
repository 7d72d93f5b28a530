// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight threads each call functions of their own for the first time at the same moment; all then call a common one.
#include <pthread.h>
#include <stdio.h>
enum { threads = 8 };
static pthread_barrier_t barrier;
static unsigned shared(unsigned x) { return x ^ x >> 7; }
#define F(n, m) __attribute__((noinline)) static unsigned f##n##_##m(unsigned x) { return shared(x * (16u * n + 2u * m + 1u)); }
#define G(n) F(n, 0) F(n, 1) F(n, 2) F(n, 3) F(n, 4) F(n, 5) \
  static unsigned g##n(unsigned x) { return f##n##_0(f##n##_1(f##n##_2(f##n##_3(f##n##_4(f##n##_5(x)))))); }
G(0) G(1) G(2) G(3) G(4) G(5) G(6) G(7)
static unsigned (*const start[threads])(unsigned) = {g0, g1, g2, g3, g4, g5, g6, g7};
static unsigned result[threads];
static void *body(void *argument) {
  size_t self = (size_t)argument;
  unsigned x = 12345;
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 5000; ++i)
    x = start[self](x);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 800; ++i)
    x = start[(self + (size_t)i) % threads](x);
  result[self] = x;
  return NULL;
}
int main(void) {
  pthread_t thread[threads];
  pthread_barrier_init(&barrier, NULL, threads);
  for (size_t i = 0; i < threads; ++i)
    pthread_create(&thread[i], NULL, body, (void *)i);
  for (size_t i = 0; i < threads; ++i) {
    pthread_join(thread[i], NULL);
    printf("%08x\n", result[i]);
  }
  return 0;
}
