// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fibonacci numbers by plain recursion: nothing but calls.

#include "kernel.h"

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) {
  unsigned long long sum = 0;
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    sum += fib(26 + (unsigned)(unit % 2));
    kernel_tick(sum);
  }
}
