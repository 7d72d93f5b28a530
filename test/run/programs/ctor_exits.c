// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A constructor that calls exit: main never runs, handlers do.
// STATUS: 8
#include <stdio.h>
#include <stdlib.h>
static void handler(void) { puts("handler"); }
__attribute__((constructor)) static void init(void) {
  atexit(handler);
  puts("constructor");
  exit(8);
}
__attribute__((destructor)) static void fini(void) { puts("destructor"); }
int main(void) {
  puts("must not run");
  return 0;
}
