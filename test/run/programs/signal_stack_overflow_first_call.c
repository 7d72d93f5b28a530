// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// First calls at every distance from the end of a stack, in a program that recovers from its overflow with siglongjmp.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#define F(n) static int f##n(volatile char *p) { return p[0] + n; }
#define F8(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
#define F64(n) F8(n##0) F8(n##1) F8(n##2) F8(n##3) F8(n##4) F8(n##5) F8(n##6) F8(n##7)
F64(1) F64(2) F64(3) F64(4)
#define P(n) f##n,
#define P8(n) P(n##0) P(n##1) P(n##2) P(n##3) P(n##4) P(n##5) P(n##6) P(n##7)
#define P64(n) P8(n##0) P8(n##1) P8(n##2) P8(n##3) P8(n##4) P8(n##5) P8(n##6) P8(n##7)
static int (*volatile table[])(volatile char *) = {P64(1) P64(2) P64(3) P64(4)};
enum { kFunctions = sizeof table / sizeof *table };
static sigjmp_buf recovery;
static volatile int deepest, callAt, which;
static void onOverflow(int number) { siglongjmp(recovery, number); }
static int descend(int depth) {
  volatile char frame[48];
  frame[0] = 1;
  deepest = depth;
  int result = depth == callAt ? table[which](frame) : 0;
  return descend(depth + 1) + frame[0] + result;
}
static void *body(void *recovered) {
  stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&alternate, NULL);
  // With and without a call where the stack ends. Where that is depends on how large the compiled frames are.
  callAt = -1;
  if (sigsetjmp(recovery, 1) == 0)
    descend(0);
  const int end = deepest;
  for (which = 0; which < kFunctions; which = which + 1) {
    callAt = end - which / 4;
    if (sigsetjmp(recovery, 1) == 0)
      descend(0);
    else
      ++*(int *)recovered;
  }
  return NULL;
}
int main(void) {
  struct sigaction action = {.sa_handler = onOverflow, .sa_flags = SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 << 10);
  pthread_t thread;
  int recovered = 0;
  if (pthread_create(&thread, &attributes, body, &recovered))
    return 1;
  pthread_join(thread, NULL);
  printf("recovered %d times\n", recovered);
  return 0;
}
