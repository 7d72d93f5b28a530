// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All four thread-local storage models, with position-independent code and without optimisation or with it.
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <stdio.h>
static _Thread_local __attribute__((tls_model("local-exec"))) int le = 1;
static _Thread_local __attribute__((tls_model("local-dynamic"))) int ld = 2;
_Thread_local __attribute__((tls_model("initial-exec"))) int ie = 3;
_Thread_local __attribute__((tls_model("global-dynamic"))) int gd = 4;
static int bump(void) { return le++ + 10 * ld++ + 100 * ie++ + 1000 * gd++; }
static void *body(void *unused) {
  (void)unused;
  int last = 0;
  for (int i = 0; i < 20000; ++i)
    last = bump();
  return (void *)(size_t)last;
}
int main(void) {
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, body, NULL);
    pthread_join(thread, &result);
    printf("%d\n", (int)(size_t)result);
  }
  printf("%d %d %d %d\n", le, ld, ie, gd);
  return 0;
}
