// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SIGSEGV in a function that has only just been called for the first time, on another thread.
// SIGNAL: SIGSEGV
#include <pthread.h>
#include <stdio.h>
static int load(const volatile int *source) { return *source; }
static void *body(void *argument) { return (void *)(long)load(argument); }
int main(void) {
  puts("before");
  fflush(stdout);
  pthread_t thread;
  pthread_create(&thread, NULL, body, (void *)8);
  pthread_join(thread, NULL);
  puts("must not be reached");
  return 0;
}
