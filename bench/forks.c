// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a fork costs until the child has ended, in milliseconds: alone, where the child calls a function that
// its parent has not, and where it installs a handler that mentions fifty others.
//   tiercel run bench/forks.c [FORKS]
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define F(n)                                                                                                           \
  __attribute__((noinline)) static void f##n(int x) {                                                                  \
    volatile int y = x;                                                                                                \
    for (int i = 0; i < 10; ++i)                                                                                       \
      y += i * x;                                                                                                      \
    if (y == 12345678)                                                                                                 \
      exit(n);                                                                                                         \
  }
#define TEN(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
TEN(1) TEN(2) TEN(3) TEN(4) TEN(5)
#define C(n) f##n(x);
#define CALL(n) C(n##0) C(n##1) C(n##2) C(n##3) C(n##4) C(n##5) C(n##6) C(n##7) C(n##8) C(n##9)
static void handler(int x) { CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) }
static void nothing(void) {}
__attribute__((noinline)) static void callOne(void) { f10(1); }
static void installHandler(void) { signal(SIGTERM, handler); }
static void measure(const char* what, int forks, void (*inChild)(void)) {
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < forks; ++i) {
    const int child = fork();
    if (child == 0) {
      if (inChild != nothing)
        inChild();
      _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child)
      abort();
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
  printf("%-24s %.2f ms per fork\n", what, ms / forks);
}
int main(int argc, char** argv) {
  const int forks = argc > 1 ? atoi(argv[1]) : 200;
  measure("alone", forks, nothing);
  measure("with a first call", forks, callOne);
  measure("with a handler", forks, installHandler);
}
