// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recursion ten thousand frames deep on the main thread, with first calls at the bottom; mutual recursion; six megabytes of stack.
// LEVELS: O0 frontend O2
#include <stdio.h>
static int bottom(int x) { return x + 1; }
static int is_odd(int n);
static int is_even(int n) { return n == 0 ? 1 : is_odd(n - 1) & 1; }
static int is_odd(int n) { return n == 0 ? 0 : is_even(n - 1) & 1; }
__attribute__((noinline)) static long descend(int n, const volatile char *outer) {
  volatile char local[500];
  local[0] = (char)(outer ? outer[0] + 1 : 0);
  long below = n ? descend(n - 1, local) : bottom(n);
  return below + local[0];
}
static unsigned ackermann(unsigned m, unsigned n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
int main(void) {
  printf("%ld\n", descend(10000, NULL));
  long sum = 0;
  for (int i = 0; i < 100; ++i)
    sum += descend(100, NULL) + is_even(i);
  printf("%ld %d %d\n", sum, is_even(10000), is_odd(9999));
  printf("%u\n", ackermann(2, 300) + ackermann(3, 5));
  return 0;
}
