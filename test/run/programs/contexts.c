// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// makecontext and swapcontext: ten small stacks on which functions are first called and get hot.
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
enum { count = 10, stack_size = 16384 };
static ucontext_t scheduler, context[count];
static int alive = count, current;
static unsigned long total;
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2u * n + 3u) + 1; }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9)
static unsigned (*const table[])(unsigned) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9};
static void yield_(void) { swapcontext(&context[current], &scheduler); }
static void body(int self, int step) {
  unsigned x = (unsigned)self;
  for (int i = 0; i < 2000; ++i) {
    x = table[self](x) + (unsigned)step;
    if (i % 50 == 0)
      yield_();
  }
  total += x & 0xffff;
  --alive;
}
int main(void) {
  for (int i = 0; i < count; ++i) {
    getcontext(&context[i]);
    context[i].uc_stack.ss_sp = malloc(stack_size);
    context[i].uc_stack.ss_size = stack_size;
    context[i].uc_link = &scheduler;
    makecontext(&context[i], (void (*)(void))body, 2, i, i * 3);
  }
  int switches = 0, done[count] = {0};
  while (alive)
    for (current = 0; current < count; ++current)
      if (!done[current]) {
        int before = alive;
        swapcontext(&scheduler, &context[current]);
        ++switches;
        done[current] = alive != before;
      }
  printf("%lu %d\n", total, switches);
  return 0;
}
