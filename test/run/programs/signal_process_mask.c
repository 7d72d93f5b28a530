// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A signal for the process that all of the program's threads block stays pending until sigwait takes it: no thread of the
// engine may receive it.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static unsigned step(unsigned x) { return x * 69069u + 1u; }
static void *body(void *argument) {
  unsigned x = 1;
  for (int i = 0; i < 100000; ++i)
    x = step(x);
  *(unsigned *)argument = x;
  return NULL;
}
int main(void) {
  sigset_t set, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_t thread;
  unsigned result;
  pthread_create(&thread, NULL, body, &result);
  for (int i = 0; i < 200; ++i) {
    kill(getpid(), i % 2 ? SIGUSR1 : SIGTERM);
    unsigned own;
    if (i % 20 == 0)
      body(&own);
    sigpending(&pending);
    if (!sigismember(&pending, i % 2 ? SIGUSR1 : SIGTERM))
      return 1;
    int number;
    sigwait(&set, &number);
    if (number != (i % 2 ? SIGUSR1 : SIGTERM))
      return 2;
  }
  pthread_join(thread, NULL);
  printf("%u\n", result);
  return 0;
}
