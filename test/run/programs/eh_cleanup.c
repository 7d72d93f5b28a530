// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cleanup attribute of C with -fexceptions: handlers run on every way out of a scope, also when a thread ends inside.
// CFLAGS: -fexceptions
#include <pthread.h>
#include <stdio.h>
static int released;
static void release(int *value) { released += *value; }
static int scope(int n) {
  __attribute__((cleanup(release))) int first = n;
  for (int i = 0; i < 3; ++i) {
    __attribute__((cleanup(release))) int inner = 1;
    if (i == n)
      break;
    if (n == 7)
      pthread_exit(NULL);
  }
  return first;
}
static void *body(void *unused) {
  scope(7);
  return unused;
}
int main(void) {
  int sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += scope(i % 5);
  printf("%d %d\n", sum, released);
  released = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, body, NULL);
  pthread_join(thread, NULL);
  printf("%d\n", released);
  return 0;
}
