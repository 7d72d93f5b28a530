// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One long loop in main that calls small functions, which get better code meanwhile, directly and through each other.
// LEVELS: O0 frontend O2
#include <stdio.h>
struct vector { double x, y, z; };
static long counter;
__attribute__((noinline)) static int tiny(int x) { return x + 1; }
__attribute__((noinline)) static int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }
__attribute__((noinline)) static void bump(long by) { counter += by; }
__attribute__((noinline)) static struct vector cross(struct vector a, struct vector b) {
  return (struct vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
__attribute__((noinline)) static unsigned digits(unsigned x) {
  unsigned sum = 0;
  for (; x; x /= 10)
    sum += x % 10;
  return sum;
}
__attribute__((noinline)) static int gcd(int a, int b) { return b == 0 ? a : gcd(b, a % b); }
__attribute__((noinline)) static int chain3(int x) { return tiny(x) ^ 3; }
__attribute__((noinline)) static int chain2(int x) { return chain3(x) + chain3(x + 1); }
__attribute__((noinline)) static int chain1(int x) { return chain2(x) - tiny(x); }
int main(void) {
  long sum = 0;
  struct vector v = {1, 2, 3};
  char text[32];
  for (int i = 0; i < 150000; ++i) {
    sum += clamp(tiny(i), 100, 100000) + chain1(i & 0xff);
    sum ^= digits((unsigned)i) + (unsigned)gcd(i, 360);
    bump(sum & 7);
    v = cross(v, (struct vector){0, 0.6, 0.8});
    if (i % 5000 == 0) {
      text[snprintf(text, sizeof text, "%d", tiny(i)) % 31] = 0;
      sum += text[0];
    }
  }
  printf("%ld %ld %.6f\n", sum, counter, v.x);
  return 0;
}
