// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setjmp before, around and inside hot loops, with jumps from the loop, from callees and from a loop in a callee.
// LEVELS: O0 frontend O2
#include <setjmp.h>
#include <stdio.h>
static jmp_buf place, other;
__attribute__((noinline)) static void leave(int value) { longjmp(place, value); }
__attribute__((noinline)) static long around(int n) {
  volatile int i = 0;
  volatile long sum = 0;
  int value = setjmp(place);
  sum = sum + value;
  while (i < n) {
    i = i + 1;
    if (i % 1000 == 0)
      leave(i / 1000);
    sum = sum + (i & 7);
  }
  return sum;
}
__attribute__((noinline)) static long inside(int n) {
  volatile long sum = 0;
  for (volatile int i = 0; i < n; i = i + 1) {
    if (setjmp(place) == 0) {
      if (i % 3 == 0)
        leave(5);
      sum = sum + 1;
    } else {
      sum = sum + 10;
    }
  }
  return sum;
}
// The loop that is left has no setjmp of its own: only the caller knows the way out.
__attribute__((noinline)) static void endless(int at) {
  unsigned h = 1;
  for (int i = 0;; ++i) {
    h = h * 31 + (unsigned)i;
    if (i == at)
      longjmp(other, (int)(h % 1000) + 1);
  }
}
__attribute__((noinline)) static long caller(int rounds) {
  volatile long sum = 0;
  for (volatile int r = 0; r < rounds; r = r + 1) {
    int value = setjmp(other);
    if (value == 0)
      endless(10000 + r);
    sum = sum * 3 % 1000003 + value;
  }
  return sum;
}
// Values that do not change after setjmp are kept without volatile, in nested loops too.
__attribute__((noinline)) static int unchanged(int a, int b) {
  int product = a * b;
  volatile int rounds = 0;
  for (int i = 0; i < 3; ++i) {
    int value = setjmp(place);
    if (value == 0)
      rounds = 0;
    for (int k = 0; k < 20000; ++k)
      rounds = rounds + 1;
    if (value < 2)
      leave(value + 1);
  }
  return product + a - b + rounds;
}
int main(void) {
  printf("%ld\n", around(100000));
  printf("%ld\n", inside(100000));
  printf("%ld\n", caller(40));
  printf("%d\n", unchanged(12, 5));
  return 0;
}
