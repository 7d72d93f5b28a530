// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Children of vfork are killed while they call functions for the first time; their parent, whose memory they run in,
// goes on to call the same and others.
// MODES: -sync (no thread exists that could compile for the child)
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#define F(n)                                                                                                           \
  __attribute__((noinline)) static unsigned f##n(unsigned x) {                                                         \
    for (unsigned i = 0; i < n % 5 + 1; ++i)                                                                           \
      x = x * (2 * n + 1) ^ (x >> (n % 7 + 1));                                                                        \
    return x;                                                                                                          \
  }
#define TEN(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9)
#define A(n) f##n##0, f##n##1, f##n##2, f##n##3, f##n##4, f##n##5, f##n##6, f##n##7, f##n##8, f##n##9,
static unsigned (*const functions[])(unsigned) = {A(1) A(2) A(3) A(4) A(5) A(6) A(7) A(8) A(9)};
enum { kRounds = 30, kEach = 3 };
static volatile int child, called; ///< written by the child: the memory is its parent's
static void* killer(void* unused) {
  (void)unused;
  for (int round = 0; round < kRounds; ++round) {
    while (child == 0 || called <= round * kEach)
      usleep(50);
    kill(child, SIGKILL);
    child = 0;
    while (called != -1 - round)
      usleep(50);
    called = (round + 1) * kEach;
  }
  return NULL;
}
int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, killer, NULL) != 0)
    return 1;
  unsigned x = 1;
  for (int round = 0; round < kRounds; ++round) {
    while (called != round * kEach)
      usleep(50);
    const int process = vfork();
    if (process == 0) {
      child = getpid();
      for (int i = 0; i < kEach; ++i) {
        called = round * kEach + i + 1;
        functions[round * kEach + i](7);
      }
      for (;;)
        pause();
    }
    int status = 0;
    if (waitpid(process, &status, 0) != process || !WIFSIGNALED(status))
      abort();
    called = -1 - round;
    x = functions[round * kEach](x) + functions[(round + 40) % 90](x);
  }
  pthread_join(thread, NULL);
  for (int i = 0; i < 90; ++i)
    x = functions[i](x);
  printf("%u\n", x);
}
