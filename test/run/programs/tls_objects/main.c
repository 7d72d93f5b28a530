// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thread-locals that native objects define and use, as executables do and as libraries do: each other's in a circle, the
// program's, and the program theirs; aligned, zero, with addresses in them; in threads that run already and in new ones.
// LINK: o:object.c o:second.c a:archived.c
#include "tls.h"
#include <pthread.h>
#include <stdio.h>
__thread int program_own = 40;
static pthread_barrier_t started, used;
static void use(const char *who) {
  printf("%s: %d %d %d %d %d\n", who, bump(), object_counter, second_counter, second_bump(), archived_bump());
  printf("%d %d %d %d\n", counter_address() == &object_counter, (unsigned long)&object_aligned % 64 == 0, object_aligned.text[5],
         *object_pointer);
  object_counter += 100;
  object_aligned.text[5]++;
  printf("%d %d %d\n", bump(), use_program(), program_own);
}
static void *early(void *unused) {
  pthread_barrier_wait(&started);
  pthread_barrier_wait(&used);
  use("early");
  return unused;
}
static void *late(void *unused) {
  use("late");
  return unused;
}
int main(void) {
  pthread_t first, second;
  pthread_barrier_init(&started, NULL, 2);
  pthread_barrier_init(&used, NULL, 2);
  pthread_create(&first, NULL, early, NULL);
  pthread_barrier_wait(&started);
  use("main");
  pthread_barrier_wait(&used);
  pthread_join(first, NULL);
  for (int i = 0; i < 2; ++i) {
    pthread_create(&second, NULL, late, NULL);
    pthread_join(second, NULL);
  }
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += bump() + second_bump() + use_program() + ++object_counter;
  printf("%ld\n", sum);
  use("main");
  return 0;
}
