// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads of the smallest size make a first call when they have used most of their stack.
#include <pthread.h>
#include <stdio.h>
#define F(n) __attribute__((noinline)) static int leaf##n(volatile char *p) { return p[0] + n; }
F(1) F(2) F(3) F(4)
static int (*volatile table[])(volatile char *) = {leaf1, leaf2, leaf3, leaf4};
static void *body(void *which) {
  volatile char frame[9000];
  frame[0] = 1;
  return (void *)(long)table[(long)which](frame);
}
int main(void) {
  for (long i = 0; i < 4; ++i) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_t thread;
    if (pthread_attr_setstacksize(&attributes, 16384) || pthread_create(&thread, &attributes, body, (void *)i))
      return 1;
    void *result;
    pthread_join(thread, &result);
    printf("%ld\n", (long)result);
  }
  return 0;
}
