// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// _exit runs no handlers and leaves buffered output unwritten.
// STATUS: 9
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void handler(void) { puts("must not run"); }
int main(void) {
  atexit(handler);
  puts("written");
  fflush(stdout);
  fputs("lost", stdout);
  _exit(9);
}
