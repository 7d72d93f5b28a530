// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// atexit handlers run in reverse order, may register more, and on_exit sees the status.
// STATUS: 3
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
static void late(void) { puts("late"); }
static void first(void) { puts("first"); }
static void second(void) {
  puts("second");
  atexit(late);
}
static int counter;
static void counted(void) { ++counter; }
static void report(int status, void *argument) { printf("status %d, %s, counted %d\n", status, (char *)argument, counter); }
__attribute__((destructor)) static void last(void) { puts("destructor attribute"); }
int main(void) {
  atexit(first);
  on_exit(report, "argument");
  for (int i = 0; i < 100; ++i)
    atexit(counted);
  atexit(second);
  puts("main");
  return 3;
}
