// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program sends itself SIGUSR1, which it does not handle.
// SIGNAL: SIGUSR1
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static int step(int x) { return x * 3 + 1; }
int main(void) {
  int x = 1;
  for (int i = 0; i < 20000; ++i)
    x = step(x) & 0xffff;
  printf("%d\n", x);
  fflush(stdout);
  kill(getpid(), SIGUSR1);
  puts("must not be reached");
  return 0;
}
