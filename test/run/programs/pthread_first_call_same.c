// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight threads call the same functions for the first time at the same moment, through pointers and directly.
// LEVELS: O0 frontend
#include <pthread.h>
#include <stdio.h>
enum { threads = 8, rounds = 40 };
static pthread_barrier_t barrier;
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2u * n + 3u) + n; }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19)
#define CALL(n) pthread_barrier_wait(&barrier); x = f##n(x); table[n] = f##n;
typedef unsigned (*function)(unsigned);
static function seen[threads][20];
static unsigned result[threads];
static void *body(void *argument) {
  size_t self = (size_t)argument;
  function *table = seen[self];
  unsigned x = 1;
  CALL(0) CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) CALL(6) CALL(7) CALL(8) CALL(9)
  CALL(10) CALL(11) CALL(12) CALL(13) CALL(14) CALL(15) CALL(16) CALL(17) CALL(18) CALL(19)
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < 1000; ++i)
      x = table[i % 20](x);
  result[self] = x;
  return NULL;
}
int main(void) {
  pthread_t thread[threads];
  pthread_barrier_init(&barrier, NULL, threads);
  for (size_t i = 0; i < threads; ++i)
    pthread_create(&thread[i], NULL, body, (void *)i);
  int equal = 1;
  for (size_t i = 0; i < threads; ++i) {
    pthread_join(thread[i], NULL);
    for (int n = 0; n < 20; ++n)
      equal &= seen[i][n] == seen[0][n];
    printf("%08x\n", result[i]);
  }
  printf("one address each: %d\n", equal);
  return 0;
}
