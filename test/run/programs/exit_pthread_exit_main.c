// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main ends with pthread_exit; the process lives on until its last thread is done, and then exits with 0.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
static pthread_t main_thread;
static unsigned step(unsigned x) { return x * 1103515245u + 12345u; }
static void *body(void *argument) {
  pthread_join(main_thread, NULL); // main is really gone
  unsigned x = 1;
  for (int i = 0; i < 50000; ++i)
    x = step(x);
  printf("%s %u\n", (char *)argument, x);
  return NULL;
}
static void handler(void) { puts("handler"); }
int main(void) {
  main_thread = pthread_self();
  atexit(handler);
  pthread_t thread;
  pthread_create(&thread, NULL, body, "still running");
  pthread_exit(NULL);
}
