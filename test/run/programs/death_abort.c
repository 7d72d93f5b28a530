// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// abort: handlers do not run, buffered output is lost, the process dies by SIGABRT.
// SIGNAL: SIGABRT
#include <stdio.h>
#include <stdlib.h>
static void handler(void) { puts("must not run"); }
int main(void) {
  atexit(handler);
  puts("before");
  fflush(stdout);
  fputs("lost", stdout);
  abort();
}
