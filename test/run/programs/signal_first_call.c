// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers that are first called as signals, call new functions themselves, nest, and get siginfo.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static volatile sig_atomic_t steps[64];
static int deep(int n) { return n ? deep(n - 1) + 1 : 0; }
static double floating(double x) { return x * 1.5 + 0.25; }
static void simple(int number) { steps[number] += deep(20); }
static void nested(int number) {
  steps[number] += 1;
  raise(SIGUSR1);
  steps[number] += 10;
}
static void informed(int number, siginfo_t *info, void *context) {
  steps[number] += info->si_value.sival_int + (info->si_pid == getpid()) + (context != NULL) + (int)floating(2);
  errno = 1;
}
int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = simple;
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = nested;
  sigaction(SIGUSR2, &action, NULL);
  action.sa_sigaction = informed;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGRTMIN + 3, &action, NULL);
  for (int i = 0; i < 3000; ++i) {
    raise(i % 2 ? SIGUSR1 : SIGUSR2);
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 100});
  }
  printf("%d %d %d\n", steps[SIGUSR1], steps[SIGUSR2], steps[SIGRTMIN + 3]);
  sighandler_t old = signal(SIGTERM, SIG_IGN);
  raise(SIGTERM);
  printf("%d ignored\n", old == SIG_DFL);
  return 0;
}
