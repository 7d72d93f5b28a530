// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pthread_kill to threads running hot code, with a handler that runs there; blocking calls are interrupted by it alone.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
static _Thread_local volatile sig_atomic_t received;
static atomic_int stop, total, running;
static void handler(int number) {
  (void)number;
  ++received;
  atomic_fetch_add(&total, 1);
}
static unsigned step(unsigned x) { return x * 1103515245u + 12345u; }
static void *hot(void *argument) {
  unsigned x = 1;
  atomic_fetch_add(&running, 1);
  while (!atomic_load(&stop))
    x = step(x);
  *(int *)argument = received;
  return x ? argument : NULL;
}
static int ends[2];
static void *blocked(void *argument) {
  char c;
  atomic_fetch_add(&running, 1);
  ssize_t got = read(ends[0], &c, 1); // nothing but the write below may end it
  *(int *)argument = got == 1 && c == 'x' ? 1 : -errno;
  return argument;
}
int main(void) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  if (pipe(ends))
    return 1;
  pthread_t thread[4];
  int result[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&thread[i], NULL, i < 3 ? hot : blocked, &result[i]);
  while (atomic_load(&running) < 4) {
  }
  for (int i = 0; i < 300; ++i) {
    pthread_kill(thread[i % 3], SIGUSR1);
    while (atomic_load(&total) <= i) {
    }
  }
  atomic_store(&stop, 1);
  if (write(ends[1], "x", 1) != 1)
    return 2;
  for (int i = 0; i < 4; ++i)
    pthread_join(thread[i], NULL);
  printf("%d %d %d %d\n", result[0], result[1], result[2], result[3]);
  return 0;
}
