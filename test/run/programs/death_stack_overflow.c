// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recursion without end kills by SIGSEGV.
// SIGNAL: SIGSEGV
// Optimised, the compiler must still not remove the frames: each leaves a pointer to its own array behind.
#include <stdio.h>
volatile char *volatile last;
static int descend(int depth) {
  volatile char local[512];
  local[depth & 511] = (char)depth;
  last = local;
  return descend(depth + 1) + local[depth & 511];
}
int main(void) {
  puts("before");
  fflush(stdout);
  return descend(0);
}
