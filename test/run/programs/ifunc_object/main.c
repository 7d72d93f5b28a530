// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions of native objects whose code a resolver chooses: called, with many and wide arguments, compared and kept, from
// the program, from their object and another one, from data, and first by several threads at once.
// LINK: o:object.c o:second.c
#include "ifunc.h"
#include <pthread.h>
#include <stdio.h>
static int (*const table[])(int) = {chosen, weak_chosen};
static void *first(void *unused) {
  (void)unused;
  return (void *)(long)raced(20);
}
int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&threads[i], NULL, first, NULL);
  long sum = 0;
  for (int i = 0; i < 4; ++i) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  printf("%ld\n", sum);
  printf("%g\n", wide(1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5));
  sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += chosen(i) + through(i) + pointer()(i) + second(i) + table[i & 1](i) + kept(i);
  printf("%ld\n", sum);
  printf("%d %d %d %d\n", pointer()(7) == chosen(7), table[0] == chosen, second_pointer() == chosen, kept == chosen);
  printf("%d\n", weak_chosen(5));
  return 0;
}
