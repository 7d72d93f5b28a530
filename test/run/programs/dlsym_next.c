// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A wrapper defined by the program around a library function that it finds with RTLD_NEXT.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static int calls;
long random(void);
long random(void) {
  static long (*next)(void);
  if (!next)
    *(void **)&next = dlsym(RTLD_NEXT, "random");
  ++calls;
  return next() % 1000;
}
int main(void) {
  srandom(3);
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += random();
  printf("%ld %d\n", sum, calls);
  return 0;
}
