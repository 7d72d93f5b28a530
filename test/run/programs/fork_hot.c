// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Children go on with the program: old and new functions get hot there, they exit with a status or die by a signal.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static unsigned warm(unsigned x) { return x * 1664525u + 1013904223u; }
static unsigned fresh(unsigned x) { return x ^ x << 5 ^ x >> 3; }
static unsigned child_only(unsigned x) { return fresh(warm(x)) + 1; }
static void handler(void) {
  puts("exit handler");
}
int main(void) {
  atexit(handler);
  unsigned x = 1;
  for (int i = 0; i < 20000; ++i)
    x = warm(x);
  printf("parent before %u\n", x);
  fflush(stdout);
  for (int child = 0; child < 6; ++child) {
    pid_t pid = fork();
    if (pid < 0)
      return 1;
    if (pid == 0) {
      for (int i = 0; i < 20000; ++i)
        x = child % 2 ? child_only(x) : warm(x);
      printf("child %d %u\n", child, x);
      fflush(stdout);
      if (child == 4)
        raise(SIGKILL);
      if (child == 5)
        _exit(55);
      exit(child + 10);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("child %d: exited %d status %d signal %d\n", child, WIFEXITED(status), WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fflush(stdout);
  }
  for (int i = 0; i < 20000; ++i)
    x = child_only(x);
  printf("parent after %u\n", x);
  return 0;
}
