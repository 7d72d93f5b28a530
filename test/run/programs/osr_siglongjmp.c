// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Endless loops left by siglongjmp out of a timer's handler, many times, from several depths.
// LEVELS: O0 frontend O2
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
static sigjmp_buf place;
static volatile sig_atomic_t armed;
static volatile unsigned long work;
static void on_timer(int number) {
  (void)number;
  if (armed) {
    armed = 0;
    siglongjmp(place, 1);
  }
}
__attribute__((noinline)) static void spin(unsigned step) {
  for (;;)
    work += step;
}
__attribute__((noinline)) static void nested(unsigned step) {
  for (;;)
    for (int i = 0; i < 100; ++i)
      for (int k = 0; k < 10; ++k)
        work += step;
}
__attribute__((noinline)) static int deep(int depth) {
  if (depth == 0)
    spin(2);
  int below = 0;
  for (int i = 0; i < 100; ++i)
    below += deep(depth - 1);
  return below + depth;
}
int main(void) {
  struct sigaction action = {.sa_handler = on_timer};
  sigaction(SIGALRM, &action, 0);
  struct itimerval timer = {{0, 2000}, {0, 2000}};
  volatile int rounds = 0, arrivals = 0;
  setitimer(ITIMER_REAL, &timer, 0);
  while (rounds < 18) {
    rounds = rounds + 1;
    if (sigsetjmp(place, 1)) {
      arrivals = arrivals + 1;
      continue;
    }
    armed = 1;
    switch (rounds % 3) {
    case 0: spin(1); break;
    case 1: nested(1); break;
    default: deep(5);
    }
  }
  setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
  printf("%d %d %d\n", rounds, arrivals, work > 0);
  return 0;
}
