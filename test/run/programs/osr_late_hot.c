// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops that turn a few times in many calls first and long only then; phases in which another loop of the function is hot.
// LEVELS: O0 frontend O2
#include <stdio.h>
__attribute__((noinline)) static unsigned phases(unsigned h, int a, int b, int c) {
  for (int i = 0; i < a; ++i)
    h = h * 3 + (unsigned)i;
  for (int i = 0; i < b; ++i)
    for (int k = 0; k < 2; ++k)
      h ^= h >> (k + 3), h += (unsigned)i;
  while (c-- > 0)
    h = h * 5 + (unsigned)c;
  return h;
}
// Three times the same, so that no call is needed to be promoted.
__attribute__((noinline)) static unsigned few_first(unsigned h, int n) {
  do
    h = h * 69069 + 1;
  while (--n > 0);
  return h;
}
__attribute__((noinline)) static unsigned grows(int rounds) {
  unsigned h = 1;
  for (int r = 1; r <= rounds; ++r) // each time the inner loop is twice as long
    for (long i = 0; i < 1l << r; ++i)
      h = h * 31 + (unsigned)(i ^ r);
  return h;
}
// The path that is taken for the first hundred thousand rounds is never taken again.
__attribute__((noinline)) static long changes(int n) {
  long sum = 0;
  double scale = 1;
  for (int i = 0; i < n; ++i) {
    if (i < n / 2)
      sum = (sum * 3 + i) % 1000003;
    else if (i < n / 4 * 3)
      scale = scale * 0.999 + (double)(sum % 10), sum += 7;
    else
      for (int k = i % 5; k >= 0; --k)
        sum = (sum ^ k) + (long)scale;
  }
  return sum;
}
int main(void) {
  unsigned h = 1;
  for (int i = 0; i < 50; ++i)
    h = phases(h, 3, 3, 3);
  printf("%u\n", h);
  h = phases(h, 100000, 2, 2);
  h = phases(h, 2, 100000, 2);
  h = phases(h, 2, 2, 100000);
  printf("%u\n", phases(h, 100000, 100000, 100000));
  for (int i = 0; i < 20; ++i)
    h = few_first(h, 2);
  printf("%u\n", few_first(few_first(h, 300000), 300000));
  printf("%u\n", grows(18));
  printf("%ld\n", changes(300000));
  return 0;
}
