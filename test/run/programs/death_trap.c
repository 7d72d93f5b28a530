// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// __builtin_trap kills by SIGILL.
// SIGNAL: SIGILL
#include <stdio.h>
int main(void) {
  puts("before");
  fflush(stdout);
  __builtin_trap();
}
