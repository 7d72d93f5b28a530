// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stack overflow handled on an alternate stack, left with siglongjmp; twice, then the program goes on.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static sigjmp_buf recovery;
static char alternate[65536];
static volatile int on_alternate;
volatile char *volatile last;
static int inspect(const char *address) { return address >= alternate && address < alternate + sizeof alternate; }
static void handler(int number) {
  char here;
  (void)number;
  on_alternate += inspect(&here);
  siglongjmp(recovery, 1);
}
static int descend(int depth) {
  volatile char local[1000];
  local[depth % 1000] = (char)depth;
  last = local;
  return descend(depth + 1) + local[depth % 1000];
}
static int step(int x) { return x * 3 + 1; }
int main(void) {
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  if (sigaltstack(&stack, NULL))
    return 1;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  volatile int recovered = 0;
  for (volatile int i = 0; i < 2; ++i) {
    if (sigsetjmp(recovery, 1) == 0)
      return descend(0);
    ++recovered;
  }
  int x = 1;
  for (int i = 0; i < 20000; ++i)
    x = step(x) & 0xffff;
  printf("%d %d %d\n", recovered, on_alternate, x);
  return 0;
}
