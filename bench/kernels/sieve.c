// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sieve of Eratosthenes with everything in main, on a global array of bytes.

#include "kernel.h"

enum { Limit = 400000 };
static unsigned char composite[Limit];

int main(int argc, char** argv) {
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    int limit = Limit - (int)(unit % 64);
    for (int i = 0; i < limit; ++i)
      composite[i] = 0;
    unsigned long long sum = 0;
    for (int i = 2; i < limit; ++i) {
      if (composite[i])
        continue;
      sum += i;
      for (long j = (long)i * i; j < limit; j += i)
        composite[j] = 1;
    }
    kernel_tick(sum);
  }
}
