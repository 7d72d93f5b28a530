// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A function has one address: in constants, tables, other modules, an object, a library, on threads, before and after it is hot.
// LINK: bc:second.c o:object.c so:library.c
// LEVELS: O0 O2
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
typedef int (*function)(int);
int first_defined(int x);
int first_defined(int x) { return x + 1; }
int second_defined(int x), object_defined(int x), library_defined(int x);
function second_sees(int which), object_sees(int which);
static int internal(int x) { return x + 5; }
static const function table[] = {first_defined, second_defined, object_defined, library_defined, internal};
static function identity(function f) { return f; }
static int compare(function a, function b) { return identity(a) == identity(b); }
static void *on_thread(void *unused) {
  (void)unused;
  return (void *)(size_t)(compare(first_defined, table[0]) + compare(internal, table[4]) + compare(puts == NULL ? 0 : first_defined, second_sees(0)));
}
int main(void) {
  function own[] = {first_defined, second_defined, object_defined, library_defined};
  long sum = 0;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 4; ++i)
      printf("%d%d%d ", compare(own[i], table[i]), compare(own[i], second_sees(i)), compare(own[i], object_sees(i)));
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, on_thread, NULL);
    pthread_join(thread, &result);
    printf("%d %d\n", (int)(size_t)result, compare(internal, table[4]) + compare(internal, first_defined));
    for (int i = 0; i < 20000; ++i)
      sum += table[i % 5](i) - own[i % 4](i);
  }
  void *(*allocate)(size_t) = malloc;
  printf("%ld %d\n", sum, allocate == malloc);
  return 0;
}
