// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A call through a null function pointer kills by SIGSEGV.
// SIGNAL: SIGSEGV
#include <stdio.h>
static int good(int x) { return x + 1; }
int main(void) {
  int (*volatile function)(int) = good;
  int sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += function(i);
  printf("%d\n", sum);
  fflush(stdout);
  function = NULL;
  return function(1);
}
