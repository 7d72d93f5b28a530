// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The large code model: every address is built from 64 bits.
// CFLAGS: -mcmodel=large -fno-pie
// LDFLAGS: -no-pie
#include <stdio.h>
static int values[1000];
static int step(int i) { return values[i % 1000] += i; }
static int (*volatile pointer)(int) = step;
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += step(i) + pointer(i + 1);
  printf("%ld\n", sum);
  return 0;
}
