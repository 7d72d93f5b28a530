// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many children one after another, as a shell's subshells: each installs a handler that mentions much, calls
// functions that its parent never has, and has children itself. Between them come children whose parent has ended.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#define F(n)                                                                                                           \
  __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2 * n + 1) ^ (x >> (n % 7 + 1)); }
#define TEN(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
TEN(1) TEN(2) TEN(3) TEN(4)
#define C(n) x = f##n(x);
#define CALL(n) C(n##0) C(n##1) C(n##2) C(n##3) C(n##4) C(n##5) C(n##6) C(n##7) C(n##8) C(n##9)
static volatile unsigned handled;
static void handler(int signal) {
  unsigned x = (unsigned)signal;
  CALL(1)
  CALL(2)
  handled = x;
}
static unsigned inChild(unsigned x) {
  CALL(3)
  return x;
}
static unsigned inGrandchild(unsigned x) {
  CALL(4)
  return x;
}
static int answer;
static void tell(unsigned x) {
  if (write(answer, &x, sizeof x) != sizeof x)
    _exit(2);
}
static void finish(int child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    abort();
}
static void grandchild(unsigned round) {
  const int child = fork();
  if (child == 0) {
    tell(inGrandchild(round));
    _exit(0);
  }
  finish(child);
}
static void child(unsigned round) {
  signal(SIGUSR1, handler);
  if (round % 3 == 0) {
    raise(SIGUSR1);
    tell(handled);
  }
  tell(inChild(round));
  for (unsigned i = 0; i < round % 4; ++i)
    grandchild(round + i);
  _exit(0);
}
/// Ends at once and leaves `round` to a process without a parent, of which only the pipe tells.
static void orphan(unsigned round) {
  if (fork() == 0)
    child(round);
  _exit(0);
}
int main(void) {
  int ends[2];
  if (pipe(ends) != 0)
    return 1;
  answer = ends[1];
  for (unsigned round = 0; round < 60; ++round) {
    const int process = fork();
    if (process == 0) {
      if (round % 5 == 4)
        orphan(round);
      child(round);
    }
    finish(process);
    unsigned sum = 0, x;
    for (unsigned i = 0; i < 1 + round % 4 + (round % 3 == 0); ++i) {
      if (read(ends[0], &x, sizeof x) != sizeof x)
        return 1;
      sum = sum * 31 + x;
    }
    if (round % 6 == 0 || round % 5 == 4)
      printf("%u: %u\n", round, sum);
  }
  printf("%u\n", inChild(1) ^ inGrandchild(2));
}
