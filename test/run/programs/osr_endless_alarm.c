// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Main's loop has no end; SIGALRM kills the program in it, after its own handler has seen it run twenty times.
// SIGNAL: SIGALRM
// LEVELS: O0 frontend O2
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
static volatile unsigned long turns;
static volatile sig_atomic_t ticks;
static void on_timer(int number) {
  if ((ticks = ticks + 1) == 20 && turns > 0) {
    static const char text[] = "twenty\n";
    if (write(1, text, sizeof text - 1) > 0)
      signal(number, SIG_DFL);
  }
}
int main(void) {
  signal(SIGALRM, on_timer);
  struct itimerval timer = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &timer, 0);
  for (;;)
    turns += 1;
}
