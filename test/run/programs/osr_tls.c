// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thread-locals in hot loops of several threads: by name, by an address taken before the loop, errno.
// LEVELS: O0 frontend O2
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static _Thread_local long own = 5;
_Thread_local int cells[64];
static _Thread_local struct { char c; double d; } padded = {'p', 1.5};
__attribute__((noinline)) static long by_name(int n) {
  for (int i = 0; i < n; ++i) {
    own = (own * 3 + i) % 1000003;
    cells[own & 63] += i & 7;
    padded.d = padded.d * 0.5 + cells[i & 63];
  }
  return own + (long)padded.d;
}
__attribute__((noinline)) static long by_address(int n) {
  long *p = &own;
  int *end = cells + 64, *c = cells;
  for (int i = 0; i < n; ++i) {
    *p = (*p * 5 + *c) % 1000003;
    *c++ ^= (int)(own & 15);
    if (c == end)
      c = cells;
  }
  return own;
}
__attribute__((noinline)) static int with_errno(int n) {
  int sum = 0;
  errno = 0;
  for (int i = 0; i < n; ++i) {
    if (i % 1000 == 999)
      close(-1); // EBADF
    sum += errno == EBADF ? i & 1 : 2;
    if (i % 5000 == 0)
      errno = i % 3;
  }
  return sum;
}
static void *body(void *argument) {
  long *result = argument;
  own += *result;
  result[0] = by_name(60000);
  result[1] = by_address(60000);
  result[2] = with_errno(60000);
  return 0;
}
int main(void) {
  pthread_t threads[8];
  long results[8][3];
  for (int i = 0; i < 8; ++i) {
    results[i][0] = i;
    pthread_create(&threads[i], 0, body, results[i]);
  }
  for (int i = 0; i < 8; ++i) {
    pthread_join(threads[i], 0);
    printf("%ld %ld %ld\n", results[i][0], results[i][1], results[i][2]);
  }
  printf("%ld %d %c\n", own, cells[7], padded.c);
  printf("%ld\n", by_address(100000) + by_name(100000));
  return 0;
}
