// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program sends itself SIGKILL, which it does not handle.
// SIGNAL: SIGKILL
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
  kill(getpid(), SIGKILL);
  puts("must not be reached");
  return 0;
}
