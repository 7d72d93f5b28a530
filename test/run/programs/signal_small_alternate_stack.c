// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A handler on an alternate stack of the smallest size makes first calls there.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile sig_atomic_t result;
static int first(int x) { return x + 1; }
static int second(int x) { return first(x) * 2; }
static double third(double x) { return x * 0.5; }
static void handler(int number) { result = second(number) + (int)third(10); }
int main(void) {
  size_t size = (size_t)sysconf(_SC_SIGSTKSZ);
  stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
  if (sigaltstack(&stack, NULL))
    return 1;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  printf("%d\n", result == (SIGUSR1 + 1) * 2 + 5);
  return 0;
}
