// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// __int128: arithmetic, division, shifts, conversion, as arguments, results and in memory; _BitInt.
// LEVELS: O0 frontend O2
#include <stdio.h>
typedef __int128 i128;
typedef unsigned __int128 u128;
static void print(const char *label, u128 v) { printf("%s %016llx%016llx\n", label, (unsigned long long)(v >> 64), (unsigned long long)v); }
static u128 mix(u128 a, int shift, u128 b) { return (a << shift | a >> (128 - shift)) * (b | 1) + (a ^ b); }
static i128 quotient(i128 a, i128 b) { return a / b - a % b; }
static struct { char c; u128 v; } box;
static int checked(i128 a, i128 b, i128 *r) { return __builtin_mul_overflow(a, b, r); }
int main(void) {
  u128 x = ((u128)0x0123456789abcdefull << 64) | 0xfedcba9876543210ull;
  i128 total = 0;
  for (int i = 0; i < 20000; ++i) {
    x = mix(x, i % 127 + 1, x >> 3);
    total += quotient((i128)x, (i128)(x >> 70) + 1);
  }
  box.v = x;
  print("x", box.v);
  print("t", (u128)total);
  print("n", (u128)quotient(-(i128)1 << 100, 12345));
  double d = (double)total;
  float f = (float)x;
  print("d", (u128)(i128)(d / 1e20));
  printf("%a %a %La\n", d, f, (long double)x);
  i128 r;
  printf("%d %d\n", checked((i128)1 << 100, 1 << 20, &r), checked((i128)1 << 100, 1 << 30, &r));
  unsigned _BitInt(57) odd = 12345;
  for (int i = 0; i < 1000; ++i)
    odd = odd * 3 + (unsigned _BitInt(57))i;
  printf("%llx\n", (unsigned long long)odd);
  return 0;
}
