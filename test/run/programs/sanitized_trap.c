// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Undefined-behaviour checks that trap: the checked arithmetic works, and an overflow kills by SIGILL.
// CFLAGS: -fsanitize=undefined -fsanitize-trap=undefined
// SIGNAL: SIGILL
#include <limits.h>
#include <stdio.h>
static int add(int a, int b) { return a + b; }
static int at(const int *values, int i) { return values[i]; }
int main(void) {
  int values[4] = {1, 2, 3, 4};
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += add(i, -2 * i) + at(values, i & 3);
  printf("%ld\n", sum);
  fflush(stdout);
  volatile int large = INT_MAX;
  return add(large, 1);
}
