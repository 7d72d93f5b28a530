// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A guaranteed tail call at the end of and inside hot loops: hundreds of thousands of them need no stack.
// LEVELS: O0 frontend O2
#include <stdio.h>
#define MUSTTAIL __attribute__((musttail))
struct machine { const unsigned char *pc, *start; long limit; };
static long add(struct machine *m, long x, long n);
static long twist(struct machine *m, long x, long n);
static long end(struct machine *m, long x, long n);
typedef long state(struct machine *, long, long);
static state *const states[] = {add, twist, end};
__attribute__((noinline)) static long add(struct machine *m, long x, long n) {
  for (int i = 0; i < 20; ++i) {
    x = (x + i) & 0xffffff;
    if (x % 17 == 0)
      MUSTTAIL return twist(m, x + 1, n + 1);
  }
  MUSTTAIL return states[*m->pc++](m, x, n);
}
__attribute__((noinline)) static long twist(struct machine *m, long x, long n) {
  do
    x = (x * 5 + 3) & 0xffffff;
  while (x % 7 != 2);
  if (n >= m->limit)
    MUSTTAIL return end(m, x, n);
  if (*m->pc > 1)
    m->pc = m->start;
  MUSTTAIL return states[*m->pc++](m, x, n + 1);
}
__attribute__((noinline)) static long end(struct machine *m, long x, long n) {
  (void)m;
  return x * 1000 + n % 1000;
}
// Itself, from two places in nested loops; locals of the frame that ends may not be needed after it.
__attribute__((noinline)) static long itself(long depth, long x) {
  long cells[8];
  for (int i = 0; i < 8; ++i)
    cells[i] = x + i;
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < 4; ++k) {
      cells[i] = cells[i] * 3 + cells[(i + k) & 7];
      if ((cells[i] & 0xff) == 0x5a && depth > 0)
        MUSTTAIL return itself(depth - 1, x + 1);
    }
  long sum = 0;
  for (int i = 0; i < 8; ++i)
    sum ^= cells[i] & 0xffff;
  if (depth <= 0)
    return sum;
  MUSTTAIL return itself(depth - 1, sum + depth);
}
// One long loop, then the tail call, from a function that is entered only a few times.
__attribute__((noinline)) static long few(long rounds, long x) {
  for (int i = 0; i < 100000; ++i)
    x = (x * 7 + i) & 0xffffff;
  if (rounds == 0)
    return x;
  MUSTTAIL return few(rounds - 1, x);
}
int main(void) {
  static const unsigned char code[] = {0, 1, 0, 0, 1, 1, 0, 2};
  struct machine m = {code, code, 200000};
  printf("%ld\n", add(&m, 1, 0));
  printf("%ld\n", itself(100000, 1));
  printf("%ld\n", few(5, 1));
  return 0;
}
