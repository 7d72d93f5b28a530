// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's own thread-locals: static, extern in another module, function-local, zeroed, initialised, aligned, large.
// LINK: bc:other.c
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
extern _Thread_local int shared_counter;
extern _Thread_local int *shared_pointer;
int other_bump(void);
int *other_address(void);
static _Thread_local int initialised = 17;
static _Thread_local int zeroed;
static _Thread_local char large[200000];
static _Thread_local _Alignas(64) char aligned[3] = {1, 2, 3};
static __thread struct { short a; double b; } record = {4, 2.5};
static int local_static(void) {
  static _Thread_local int calls = 100;
  return ++calls;
}
static void *body(void *argument) {
  int self = (int)(size_t)argument;
  long check = initialised * 1000 + zeroed + large[199999] + shared_counter;
  check += ((uintptr_t)aligned % 64 == 0) + aligned[2] + record.a + (long)record.b;
  for (int i = 0; i < 20000; ++i) {
    initialised += self;
    ++zeroed;
    other_bump();
  }
  large[199999] = (char)self;
  local_static();
  static char line[8][120];
  snprintf(line[self], sizeof line[self], "%d: start %ld, %d %d %d %d %d same address %d pointer %d", self, check,
           initialised, zeroed, large[199999], shared_counter, local_static(), other_address() == &shared_counter,
           shared_pointer == NULL);
  return line[self];
}
int main(void) {
  pthread_t thread[8];
  for (size_t i = 1; i < 8; ++i)
    pthread_create(&thread[i], NULL, body, (void *)i);
  for (size_t i = 1; i < 8; ++i) {
    void *line;
    pthread_join(thread[i], &line);
    puts(line);
  }
  puts(body(0));
  return 0;
}
