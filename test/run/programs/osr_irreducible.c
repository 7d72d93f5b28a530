// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops with more than one entry: goto into a loop, into two nested ones, Duff's device, and a state machine of gotos.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static unsigned two_entries(unsigned x, int n) {
  unsigned h = x;
  int i = 0;
  if (x & 1)
    goto middle;
top:
  h = h * 31 + (unsigned)i;
middle:
  h ^= h >> 7;
  if (++i < n)
    goto top;
  return h;
}
// Entered in the inner loop's body, before its counter was ever set by the loop statement itself.
__attribute__((noinline)) static unsigned into_nest(int where, int n) {
  unsigned h = 17;
  int i = 1, k = 2;
  if (where == 1)
    goto inside_outer;
  if (where == 2)
    goto inside_inner;
  for (i = 0; i < n; ++i) {
    h += 3;
  inside_outer:
    h = h * 5 + (unsigned)i;
    for (k = 0; k < 9; ++k) {
      h ^= (unsigned)(k << 4);
    inside_inner:
      h = h * 7 + (unsigned)k;
    }
  }
  return h;
}
__attribute__((noinline)) static void duff(unsigned char *to, const unsigned char *from, int count) {
  int rounds = (count + 7) / 8;
  switch (count % 8) {
  case 0:
    do {
      *to++ = *from++ ^ 1;
    case 7: *to++ = *from++ ^ 2;
    case 6: *to++ = *from++ ^ 3;
    case 5: *to++ = *from++ ^ 4;
    case 4: *to++ = *from++ ^ 5;
    case 3: *to++ = *from++ ^ 6;
    case 2: *to++ = *from++ ^ 7;
    case 1: *to++ = *from++ ^ 8;
    } while (--rounds > 0);
  }
}
// Each state can follow each other: no block dominates the rest.
__attribute__((noinline)) static unsigned machine(unsigned seed, int steps) {
  unsigned s = seed, h = 0;
  switch (seed % 4) {
  case 0: goto a;
  case 1: goto b;
  case 2: goto c;
  default: goto d;
  }
#define NEXT(one, two, three)                                                                                                    \
  if (--steps <= 0)                                                                                                              \
    return h;                                                                                                                    \
  s = s * 1103515245u + 12345u;                                                                                                  \
  if (s >> 30 == 0)                                                                                                              \
    goto one;                                                                                                                    \
  if (s >> 30 == 1)                                                                                                              \
    goto two;                                                                                                                    \
  goto three
a: h += 1; NEXT(b, c, d);
b: h = h * 3; NEXT(a, c, d);
c: h ^= s; NEXT(a, b, d);
d: h -= 7; NEXT(c, a, b);
#undef NEXT
}
int main(void) {
  printf("%u %u\n", two_entries(3, 400000), two_entries(4, 400000));
  printf("%u %u %u\n", into_nest(2, 40000), into_nest(1, 40000), into_nest(0, 40000));
  static unsigned char from[100003], to[100003];
  for (unsigned i = 0; i < sizeof from; ++i)
    from[i] = (unsigned char)(i * 7);
  unsigned sum = 0;
  for (int cut = 0; cut < 9; ++cut) {
    memset(to, 0, sizeof to);
    duff(to, from, (int)sizeof to - cut);
    for (unsigned i = 0; i < sizeof to; i += 3)
      sum = sum * 131 + to[i];
  }
  printf("%u\n", sum);
  for (unsigned seed = 0; seed < 4; ++seed)
    printf("%u\n", machine(seed, 150000));
  return 0;
}
