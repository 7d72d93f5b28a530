// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops where hardly any stack is left: a large local array nearly fills a thread's stack; a handler's own stack.
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
enum { array_size = 400 * 1024, stack_size = array_size + 96 * 1024 };
__attribute__((noinline)) static unsigned work(unsigned seed, int n) {
  unsigned char cells[array_size]; // a second one does not fit
  for (unsigned i = 0; i < sizeof cells; ++i)
    cells[i] = (unsigned char)(i * seed);
  unsigned h = seed;
  for (int i = 0; i < n; ++i) {
    h = h * 1664525 + 1013904223;
    cells[(h >> 8) % sizeof cells] ^= (unsigned char)h;
    h += cells[(h >> 4) % sizeof cells];
  }
  return h;
}
static void *body(void *argument) {
  unsigned *result = argument;
  *result = work(*result, 200000);
  return 0;
}
static volatile unsigned handled;
static void handler(int number) {
  unsigned h = (unsigned)number, cells[1000];
  for (unsigned i = 0; i < 1000; ++i)
    cells[i] = i;
  for (int i = 0; i < 200000; ++i) {
    h = h * 1664525 + 1013904223;
    cells[h % 1000] += h;
  }
  handled = h ^ cells[7];
}
int main(void) {
  unsigned results[4];
  pthread_t threads[4];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_size);
  for (unsigned i = 0; i < 4; ++i) {
    results[i] = i + 3;
    if (pthread_create(&threads[i], &attributes, body, &results[i]) != 0)
      return 1;
  }
  for (int i = 0; i < 4; ++i) {
    pthread_join(threads[i], 0);
    printf("%u\n", results[i]);
  }
  stack_t stack = {.ss_size = 64 * 1024};
  stack.ss_sp = malloc(stack.ss_size);
  sigaltstack(&stack, 0);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, 0);
  raise(SIGUSR1);
  printf("%u\n", handled);
  return 0;
}
