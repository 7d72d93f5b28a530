// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nested loops of depth one to four, in each of which another level is the hot one when the function runs for the first time.
// LEVELS: O0 frontend O2
#include <stdio.h>
static unsigned mix(unsigned h, unsigned x) { return (h ^ x) * 2654435761u + (h >> 15); }
// A function per shape: each is entered once, so only a running loop can become better code.
#define SHAPES(X) X(inner) X(third) X(second) X(outer) X(even) X(ragged) X(lopsided) X(single)
#define DEFINE(name)                                                                                                             \
  __attribute__((noinline)) static unsigned name(int a, int b, int c, int d) {                                                   \
    unsigned h = 1;                                                                                                              \
    for (int i = 0; i < a; ++i) {                                                                                                \
      unsigned hi = h + (unsigned)i;                                                                                             \
      for (int j = 0; j < b; ++j) {                                                                                              \
        unsigned hj = hi * 31 + (unsigned)j;                                                                                     \
        for (int k = 0; k < c; ++k) {                                                                                            \
          unsigned hk = hj ^ (unsigned)k;                                                                                        \
          for (int l = 0; l < d; ++l) {                                                                                          \
            h = mix(h, hk);                                                                                                      \
            hk += (unsigned)(i + 2 * j + 3 * k + 4 * l);                                                                         \
          }                                                                                                                      \
          hj += hk;                                                                                                              \
        }                                                                                                                        \
        hi ^= hj >> 3;                                                                                                           \
      }                                                                                                                          \
      h += hi;                                                                                                                   \
    }                                                                                                                            \
    return h;                                                                                                                    \
  }
SHAPES(DEFINE)
__attribute__((noinline)) static unsigned flat(int n) {
  unsigned h = 2;
  for (int i = 0; i < n; ++i)
    h = mix(h, (unsigned)i);
  return h;
}
__attribute__((noinline)) static unsigned triangle(int n) {
  unsigned h = 3;
  for (int i = 0; i < n; ++i)
    for (int k = i; k-- > 0;)
      h = mix(h, (unsigned)(i - k));
  return h;
}
// Three loops after each other, the middle one with another inside: each can be left and entered on its own.
__attribute__((noinline)) static unsigned sequence(int n) {
  unsigned h = 4, sum = 0;
  int i = 0;
  while (i < n)
    h = mix(h, (unsigned)i++);
  do {
    for (int k = 0; k < 3; ++k)
      sum += h >> k;
    h = mix(h, sum);
  } while (--i > 0);
  for (; sum % 65537 != 5; sum = sum * 69069 + 1)
    ++i;
  return mix(h, (unsigned)i + sum);
}
int main(void) {
  printf("%u %u %u\n", flat(300000), triangle(600), sequence(100000));
  printf("%u\n", inner(1, 1, 1, 300000));
  printf("%u\n", third(1, 1, 300000, 1));
  printf("%u\n", second(1, 300000, 1, 1));
  printf("%u\n", outer(300000, 1, 1, 1));
  printf("%u\n", even(23, 23, 23, 23));
  printf("%u\n", ragged(3, 1000, 2, 50));
  printf("%u\n", lopsided(1000, 2, 0, 7) + lopsided(1000, 2, 50, 3));
  printf("%u\n", single(1, 550, 1, 550));
  return 0;
}
