// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A timer's handler interrupts hot loops all the time; what it reads of a loop's progress is never older than before.
// LEVELS: O0 frontend O2
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
static volatile sig_atomic_t ticks, went_back;
static volatile long progress;
static _Atomic unsigned long first, second; // second is written after first
static long last_progress;
static unsigned long handler_work;
static void on_timer(int number) {
  (void)number;
  ticks = ticks + 1;
  long now = progress;
  if (now < last_progress)
    went_back = 1;
  last_progress = now;
  unsigned long b = atomic_load(&second), a = atomic_load(&first);
  if (a < b)
    went_back = 2;
  for (unsigned long i = 0; i < 200; ++i) // a loop of its own, interrupting others
    handler_work = handler_work * 3 + i;
}
__attribute__((noinline)) static unsigned long until(int wanted) {
  unsigned long rounds = 0;
  while (ticks < wanted) {
    ++rounds;
    progress = progress + 1;
    atomic_store_explicit(&first, rounds, memory_order_relaxed);
    atomic_store_explicit(&second, rounds, memory_order_release);
  }
  return rounds;
}
__attribute__((noinline)) static unsigned fixed(unsigned n) {
  unsigned h = 0;
  for (unsigned i = 0; i < n; ++i) {
    progress = progress + 1;
    h = h * 33 + i;
  }
  return h;
}
__attribute__((noinline)) static int synchronous(int n) {
  int before = ticks;
  for (int i = 0; i < n; ++i)
    if (i % 100 == 0)
      raise(SIGUSR1);
  return ticks - before;
}
int main(void) {
  struct sigaction action = {.sa_handler = on_timer};
  sigaction(SIGALRM, &action, 0);
  sigaction(SIGUSR1, &action, 0);
  struct itimerval timer = {{0, 1000}, {0, 1000}}, none = {0};
  setitimer(ITIMER_REAL, &timer, 0);
  unsigned long rounds = until(25);
  unsigned h = fixed(3000000);
  setitimer(ITIMER_REAL, &none, 0);
  printf("%d %d %u\n", rounds > 0, ticks >= 25, h);
  printf("%d %d\n", synchronous(200000), went_back);
  return 0;
}
