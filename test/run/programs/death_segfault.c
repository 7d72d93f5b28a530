// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A write through a null pointer after many calls of the same function kills by SIGSEGV.
// SIGNAL: SIGSEGV
#include <stdio.h>
static void store(int *target, int value) { *target = value; }
int main(void) {
  int value = 0;
  for (int i = 0; i < 20000; ++i)
    store(&value, i);
  printf("%d\n", value);
  fflush(stdout);
  int *volatile nowhere = NULL;
  store(nowhere, 1);
  puts("must not be reached");
  return 0;
}
