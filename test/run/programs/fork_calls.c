// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parent and child share a caller that was hot before the fork; afterwards each makes its own better code for the
// callees, at its own time, and must not lead the other there.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static unsigned one(unsigned x) { return x * 1664525u + 1013904223u; }
static unsigned two(unsigned x) { return x ^ x << 5 ^ x >> 3; }
static unsigned three(unsigned x) { return one(x) + two(x); }
static unsigned four(unsigned x) { return three(x) - one(x >> 1); }
static unsigned outer(unsigned which, unsigned n, unsigned x) {
  for (unsigned i = 0; i < n; ++i)
    x = x * 3 + (x >> 7);
  switch (which % 4) {
  case 0:
    return one(x);
  case 1:
    return two(x) + one(x);
  case 2:
    return three(x);
  default:
    return four(x) + 1;
  }
}
static unsigned work(unsigned times, unsigned which, unsigned x) {
  for (unsigned i = 0; i < times; ++i)
    x = outer(which + (i >> 9), 2, x);
  return x;
}
int main(void) {
  unsigned x = 1;
  for (unsigned i = 0; i < 100; ++i)
    x = outer(i, 500, x);
  printf("before %u\n", x);
  fflush(stdout);
  enum { kChildren = 6 };
  int pipes[kChildren][2];
  for (unsigned child = 0; child < kChildren; ++child) {
    if (pipe(pipes[child]) != 0)
      return 1;
    pid_t pid = fork();
    if (pid < 0)
      return 1;
    if (pid == 0) {
      unsigned result = work(20000, child, x);
      if (fork() == 0) { // a grandchild goes on from there
        result = work(20000, child + 1, result);
        _exit(write(pipes[child][1], &result, sizeof result) != sizeof result);
      }
      int status = -1;
      wait(&status);
      _exit(status != 0);
    }
    x = work(3000, child + 2, x);
  }
  for (unsigned child = 0; child < kChildren; ++child) {
    unsigned result = 0;
    int status = -1;
    if (wait(&status) < 0 || status != 0)
      printf("a child failed: %x\n", (unsigned)status);
    if (read(pipes[child][0], &result, sizeof result) != sizeof result)
      return 1;
    printf("child %u: %u\n", child, result);
  }
  printf("after %u\n", work(20000, 1, x));
  return 0;
}
