// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An integer division by zero in a hot function kills by SIGFPE.
// SIGNAL: SIGFPE
#include <stdio.h>
static int divide(int a, int b) { return a / b; }
int main(void) {
  volatile int divisor = 20000;
  int sum = 0;
  for (; divisor > 0; --divisor)
    sum += divide(1000000, divisor);
  printf("%d\n", sum);
  fflush(stdout);
  printf("%d\n", divide(1000000, divisor));
  return 0;
}
