// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A conservative collector finds what variables refer to, small ones and large ones, of IR and of an object, and frees what they no longer do.
//
// LINK: o:object.c
// LIBS: -lgc
// LEVELS: O0 O2

#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

struct cell {
  struct cell *next;
  long value;
};

extern struct cell *of_object; // object.c
void push_in_object(struct cell *cell);

static struct cell *list;
static struct cell *table[1000];
static struct cell *large[3 << 20]; // 24 MiB
static long finalised;

static void note_end(void *object, void *data) {
  (void)object;
  (void)data;
  finalised++;
}

static struct cell *make(long value, struct cell *next) {
  struct cell *cell = GC_malloc(sizeof *cell);
  cell->value = value;
  cell->next = next;
  return cell;
}

static long sum(const struct cell *cell) {
  long result = 0;
  for (; cell; cell = cell->next)
    result = result * 3 + cell->value;
  return result;
}

static long sum_of_table(void) {
  long result = 0;
  for (int i = 0; i < 1000; i++)
    result += table[i]->value;
  return result;
}

__attribute__((noinline)) static void build(int count) {
  static struct cell *local;
  for (int i = 0; i < count; i++) {
    list = make(i, list);
    push_in_object(make(2 * i, of_object));
    local = make(3 * i, local);
    large[(size_t)i * 997 % (3 << 20)] = local;
    GC_register_finalizer_no_order(list, note_end, 0, 0, 0);
    GC_register_finalizer_no_order(of_object, note_end, 0, 0, 0);
    GC_register_finalizer_no_order(local, note_end, 0, 0, 0);
  }
  for (int i = 0; i < 1000; i++) {
    table[i] = make(i, 0);
    GC_register_finalizer_no_order(table[i], note_end, 0, 0, 0);
  }
}

/// Overwrites what is left on the stack.
__attribute__((noinline)) static void clobber(int depth) {
  volatile char pad[4096];
  for (int i = 0; i < 4096; i++)
    pad[i] = (char)depth;
  if (depth > 0)
    clobber(depth - 1);
  pad[0] = pad[1];
}

static void churn(int rounds) {
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < 20000; i++)
      make(-1, 0);
    GC_gcollect();
  }
}

// A list of each thread's own, in a variable, while others collect.
static struct cell *of_thread[3];

static void *run_thread(void *argument) {
  const intptr_t me = (intptr_t)argument;
  for (int i = 0; i < 20000; i++) {
    of_thread[me] = make(i, i % 100 ? of_thread[me] : 0);
    if (i % 5000 == 0)
      GC_gcollect();
  }
  return 0;
}

int main(void) {
  GC_INIT();
  build(3000);
  clobber(20);
  churn(5);
  printf("%lx %lx %lx %ld, %ld finalised\n", sum(list), sum(of_object), sum(large[2999ul * 997 % (3 << 20)]),
         sum_of_table(), finalised);

  pthread_t threads[3];
  for (intptr_t i = 0; i < 3; i++)
    GC_pthread_create(&threads[i], 0, run_thread, (void *)i);
  for (int i = 0; i < 3; i++)
    GC_pthread_join(threads[i], 0);
  for (int i = 0; i < 3; i++)
    printf("thread %d: %lx\n", i, sum(of_thread[i]));
  printf("%lx %lx %lx %ld, %ld finalised\n", sum(list), sum(of_object), sum(large[2999ul * 997 % (3 << 20)]),
         sum_of_table(), finalised);

  for (int i = 0; i < 1000; i++)
    table[i] = 0;
  clobber(20);
  churn(5);
  puts(finalised > 900 && finalised <= 1000 ? "what the table referred to is gone" : "the table still holds it");
  printf("%lx %lx\n", sum(list), sum(of_object));
  return 0;
}
