// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setjmp and longjmp: values, volatile locals, nesting, hot use, out of a qsort callback.
// LEVELS: O0 frontend O2
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
static jmp_buf outer, inner;
static int depth(int n) {
  if (n == 0)
    longjmp(inner, 7);
  return depth(n - 1) + 1;
}
static int compare(const void *a, const void *b) {
  static int calls;
  if (++calls % 10 == 0)
    longjmp(outer, calls);
  return *(const int *)a - *(const int *)b;
}
static int protected_call(int n) {
  volatile int state = 1;
  int value = setjmp(inner);
  if (value == 0) {
    state = 2;
    depth(n);
    state = 3;
  }
  return value * 10 + state;
}
int main(void) {
  volatile long sum = 0;
  for (volatile int i = 0; i < 20000; ++i)
    sum += protected_call(i % 10);
  printf("%ld\n", sum);
  int data[16];
  volatile int jumps = 0;
  for (volatile int i = 0; i < 500; ++i) {
    for (int k = 0; k < 16; ++k)
      data[k] = (k * 7) % 16;
    if (setjmp(outer))
      ++jumps;
    else
      qsort(data, 16, sizeof data[0], compare);
  }
  printf("%d\n", jumps > 0);
  switch (setjmp(outer)) {
  case 0: longjmp(outer, 0); // arrives as 1
  case 1: puts("one"); longjmp(outer, -5);
  case -5: puts("minus five"); break;
  default: puts("wrong");
  }
  return 0;
}
