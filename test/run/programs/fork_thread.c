// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fork on a thread while others compute; the child has that one thread, makes first calls, starts threads; atfork handlers.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static atomic_int stop, busy;
static int prepared, in_parent, in_child;
static void prepare(void) { ++prepared; }
static void parent(void) { ++in_parent; }
static void child(void) { ++in_child; }
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2u * n + 5u) + (x >> 4); }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
static unsigned (*const table[])(unsigned) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15};
static void *noise(void *argument) {
  unsigned x = (unsigned)(size_t)argument;
  atomic_fetch_add(&busy, 1);
  while (!atomic_load(&stop))
    x = table[x % 8](x) | 1;
  return NULL;
}
static void *child_thread(void *argument) {
  unsigned x = 1;
  for (int i = 0; i < 20000; ++i)
    x = table[8 + i % 8](x);
  *(unsigned *)argument = x;
  return argument;
}
static void *forker(void *argument) {
  int *good = argument;
  for (int round = 0; round < 10; ++round) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_t thread;
      unsigned result;
      pthread_create(&thread, NULL, child_thread, &result);
      pthread_join(thread, NULL);
      unsigned own;
      child_thread(&own);
      _exit(own == result && in_child == 1 ? 33 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    *good += WIFEXITED(status) && WEXITSTATUS(status) == 33;
  }
  return NULL;
}
int main(void) {
  pthread_atfork(prepare, parent, child);
  pthread_t noisy[3], forking;
  int good = 0;
  for (size_t i = 0; i < 3; ++i)
    pthread_create(&noisy[i], NULL, noise, (void *)i);
  while (atomic_load(&busy) < 3) {
  }
  pthread_create(&forking, NULL, forker, &good);
  pthread_join(forking, NULL);
  atomic_store(&stop, 1);
  for (int i = 0; i < 3; ++i)
    pthread_join(noisy[i], NULL);
  printf("%d %d %d %d\n", good, prepared, in_parent, in_child);
  return 0;
}
