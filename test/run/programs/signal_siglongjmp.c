// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// siglongjmp out of handlers of real faults: null pointer, division by zero, illegal instruction; thousands of times.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
static sigjmp_buf recovery;
static void handler(int number) { siglongjmp(recovery, number); }
static volatile int zero;
static int divide(int a, int b) { return a / b; }
static int load(volatile int *p) { return *p; }
__attribute__((noinline)) static int trap(int x) {
  if (x)
    __builtin_trap();
  return 0;
}
static int attempt(int kind, int *data) {
  switch (kind) {
  case 0: return load(data);
  case 1: return load(NULL);
  case 2: return divide(kind * 5, zero);
  case 3: return trap(kind);
  default: return trap(0) + divide(10, kind);
  }
}
int main(void) {
  signal(SIGSEGV, handler);
  signal(SIGFPE, handler);
  signal(SIGILL, handler);
  int value = 5;
  volatile long count[65] = {0}, normal = 0;
  for (volatile int i = 0; i < 5000; ++i) {
    int number = sigsetjmp(recovery, 1);
    if (number)
      ++count[number];
    else
      normal += attempt(i % 5, &value);
  }
  printf("%ld %ld %ld %ld\n", count[SIGSEGV], count[SIGFPE], count[SIGILL], normal);
  return 0;
}
