// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight megabytes of standard output through printf.
#include <stdio.h>

static unsigned next(unsigned state) { return state * 1664525u + 1013904223u; }

int main(void) {
  unsigned state = 1;
  for (int i = 0; i < 200000; ++i) {
    state = next(state);
    printf("%8d %08x %-12u|%5.2f\n", i, state, state % 1000, (state >> 8) / 65536.0);
  }
  return 0;
}
