// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sigsetjmp restores the signal mask, _setjmp does not; __builtin_setjmp.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
static int blocked(void) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  return sigismember(&set, SIGUSR1);
}
static void block(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
}
static void *builtin_buffer[5];
__attribute__((noinline)) static void jump(void) { __builtin_longjmp(builtin_buffer, 1); }
int main(void) {
  sigjmp_buf buffer;
  if (sigsetjmp(buffer, 1) == 0) {
    block();
    printf("%d\n", blocked());
    siglongjmp(buffer, 1);
  }
  printf("%d\n", blocked());
  if (_setjmp(buffer) == 0) {
    block();
    longjmp(buffer, 1);
  }
  printf("%d\n", blocked());
  volatile int rounds = 0;
  if (__builtin_setjmp(builtin_buffer) == 0 || rounds < 3) {
    ++rounds;
    jump();
  }
  printf("%d\n", rounds);
  return 0;
}
