// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Static archives: only the members that are needed are taken, also those that others need in turn; calls back.
// LINK: a:one.c+two.c+unused.c
#include <stdio.h>
int one(int);
int program_base = 3;
int program_helper(int x);
int program_helper(int x) { return x * program_base; }
extern int unused_loaded __attribute__((weak));
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += one(i);
  printf("%ld %d\n", sum, &unused_loaded == NULL);
  return 0;
}
