// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Children of children, a pipe between them, all making first calls of the same function.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static unsigned leaf(unsigned x) { return x * 3 + 1; }
static int grow(int depth, int out) {
  for (int i = 0; i < 3; ++i) {
    pid_t pid = fork();
    if (pid < 0)
      return 1;
    if (pid == 0) {
      if (depth > 0)
        _exit(grow(depth - 1, out));
      unsigned x = 0;
      for (int n = 0; n < 5000; ++n)
        x = leaf(x);
      _exit(write(out, &x, sizeof x) != sizeof x);
    }
  }
  int status, bad = 0;
  while (wait(&status) > 0)
    bad |= status;
  return bad != 0;
}
int main(void) {
  int ends[2];
  if (pipe(ends))
    return 1;
  int bad = grow(2, ends[1]);
  close(ends[1]);
  unsigned value, sum = 0, count = 0;
  while (read(ends[0], &value, sizeof value) == sizeof value)
    sum += value, ++count;
  printf("%d %u %u\n", bad, count, sum);
  return 0;
}
