// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program may handle every signal itself: at the start all are default and unblocked, then all of them arrive.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
static volatile sig_atomic_t seen[65];
static void handler(int number) { ++seen[number]; }
static int step(int x) { return x * 5 + 1; }
int main(void) {
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  stack_t stack;
  sigaltstack(NULL, &stack);
  int not_default = 0, handled = 0, is_blocked = 0;
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action;
    is_blocked += sigismember(&blocked, number) == 1;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
      ++not_default;
  }
  printf("not default %d, blocked %d, alternate stack %d\n", not_default, is_blocked, !(stack.ss_flags & SS_DISABLE));
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action = {.sa_handler = handler};
    if (number != SIGKILL && number != SIGSTOP && sigaction(number, &action, NULL) == 0)
      ++handled;
  }
  int x = 1;
  for (int i = 0; i < 20000; ++i)
    x = step(x) & 0xffff;
  int delivered = 0;
  for (int number = 1; number <= SIGRTMAX; ++number)
    if (number != SIGKILL && number != SIGSTOP && raise(number) == 0)
      delivered += seen[number] == 1;
  printf("handled %d delivered %d\n", handled == delivered, delivered > 55);
  return x == 0;
}
