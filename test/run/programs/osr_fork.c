// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Forks in the middle of hot loops: parent and children go on in the same iteration, each to its own result.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static int pipes[2];
__attribute__((noinline)) static unsigned loop(int n, int forks) {
  unsigned h = 1, cells[16] = {0};
  int child = 0;
  for (int i = 0; i < n; ++i) {
    h = h * 1664525 + 1013904223 + (unsigned)child;
    cells[h >> 28] += h;
    if (!child && forks > 0 && i % (n / forks) == n / forks / 2) {
      pid_t pid = fork();
      if (pid == 0) {
        child = i;
      } else {
        int status;
        waitpid(pid, &status, 0);
        h ^= (unsigned)status;
      }
    }
  }
  for (int i = 0; i < 16; ++i)
    h = h * 31 + cells[i];
  if (child) {
    if (write(pipes[1], &h, sizeof h) != sizeof h)
      _exit(255);
    _exit((int)(h & 127));
  }
  return h;
}
// A child of a child of a child, each forked in another iteration of one loop.
__attribute__((noinline)) static int generations(int n) {
  int depth = 0, sum = 0;
  pid_t pid = 0;
  for (int i = 0; i < n; ++i) {
    sum = (sum * 3 + i) % 1009;
    if (pid == 0 && depth < 4 && i % (n / 5) == n / 5 - 1) {
      pid = fork();
      if (pid == 0)
        ++depth;
    }
  }
  int status = 0;
  if (pid > 0)
    waitpid(pid, &status, 0);
  int result = (WEXITSTATUS(status) + sum + depth) & 127;
  if (depth > 0)
    _exit(result);
  return result;
}
int main(void) {
  if (pipe(pipes) != 0)
    return 1;
  printf("%u\n", loop(400000, 4));
  for (int i = 0; i < 4; ++i) {
    unsigned h = 0;
    if (read(pipes[0], &h, sizeof h) != sizeof h)
      return 2;
    printf("%u\n", h);
  }
  fflush(stdout);
  printf("%d\n", generations(300000));
  return 0;
}
