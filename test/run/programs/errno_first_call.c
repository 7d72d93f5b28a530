// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// errno survives the first call of a function, and is each thread's own.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#define F(n) __attribute__((noinline)) static int f##n(int x) { return x + n; }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9)
static int (*const table[])(int) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9};
static int failing(void) { return close(-1); }
static int wrong;
static void *body(void *argument) {
  long self = (long)argument;
  for (int i = 0; i < 10; ++i) {
    errno = 1000 + (int)self;
    table[i](1);
    if (errno != 1000 + (int)self)
      ++wrong;
  }
  errno = 0;
  failing();
  int first = errno;
  for (int i = 0; i < 20000; ++i) {
    errno = i;
    table[i % 10](1);
    if (errno != i)
      ++wrong;
  }
  return (void *)(long)first;
}
int main(void) {
  body((void *)1);
  pthread_t thread;
  errno = 77;
  pthread_create(&thread, NULL, body, (void *)2);
  void *result;
  pthread_join(thread, &result);
  printf("%d %d %d\n", (long)result == EBADF, wrong, errno == 19999);
  return 0;
}
