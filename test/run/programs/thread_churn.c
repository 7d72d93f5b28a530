// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Five hundred short threads, each calling functions that get hot over all of them.
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long total;
static unsigned step(unsigned x) { return x * 22695477u + 1u; }
static void add(unsigned x) {
  pthread_mutex_lock(&mutex);
  total += x & 0xff;
  pthread_mutex_unlock(&mutex);
}
static void *body(void *argument) {
  unsigned x = (unsigned)(size_t)argument;
  for (int i = 0; i < 100; ++i)
    x = step(x);
  add(x);
  return NULL;
}
int main(void) {
  for (size_t i = 0; i < 500; i += 4) {
    pthread_t thread[4];
    for (size_t j = 0; j < 4; ++j)
      if (pthread_create(&thread[j], NULL, body, (void *)(i + j)))
        return 1;
    for (size_t j = 0; j < 4; ++j)
      pthread_join(thread[j], NULL);
  }
  printf("%lu\n", total);
  return 0;
}
