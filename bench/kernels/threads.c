// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that all run one loop with a call in it, each on data of its own: if counting makes them fight over
// a cache line, it shows here. Not part of the suite; `./dev bench instrumentation` runs it with one thread
// and with eight. Second argument: threads, 1 by default; the units are each thread's.

#include "kernel.h"

#include <pthread.h>

enum { MostThreads = 64 };

typedef struct {
  long units;
  unsigned state;
} Work;

static unsigned step(unsigned x) { return x * 1664525u + 1013904223u; }

static void* run(void* argument) {
  Work* work = argument;
  unsigned state = work->state;
  for (long unit = 0; unit < work->units; ++unit)
    for (int i = 0; i < 200000; ++i)
      state = step(state) ^ state >> 3;
  work->state = state;
  return NULL;
}

int main(int argc, char** argv) {
  long count = argc > 2 ? atol(argv[2]) : 1;
  pthread_t threads[MostThreads];
  static Work work[MostThreads];
  if (count < 1 || count > MostThreads)
    return 2;
  for (long i = 0; i < count; ++i) {
    work[i] = (Work){kernel_units(argc, argv), (unsigned)i + 1};
    if (pthread_create(&threads[i], NULL, run, &work[i]) != 0)
      return 1;
  }
  unsigned sum = 0;
  for (long i = 0; i < count; ++i) {
    pthread_join(threads[i], NULL);
    sum = sum * 31 + work[i].state;
  }
  kernel_tick(sum);
}
