// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// long double, __int128, _Complex of three kinds, _Float16 and _BitInt, alive across loop headers and returned from the loop.
// LEVELS: O0 frontend O2
#include <complex.h>
#include <stdio.h>
typedef unsigned __int128 u128;
__attribute__((noinline)) static long double series(int n, long double x) {
  long double sum = 0, sign = 1;
  for (int i = 0; i < n; ++i, sign = -sign)
    sum += sign * x / (2 * i + 1);
  return sum;
}
__attribute__((noinline)) static u128 power(u128 base, unsigned n, u128 modulus) {
  u128 result = 1;
  for (unsigned i = 0; i < n; ++i) {
    result = result * base % modulus;
    base += i;
  }
  return result;
}
__attribute__((noinline)) static __int128 signed_walk(__int128 x, int n) {
  for (int i = 0; i < n; ++i)
    x = x < 0 ? -x / 3 + i : -(x >> 1) - ((__int128)i << 70);
  return x;
}
__attribute__((noinline)) static int mandelbrot(double _Complex c, int limit) {
  double _Complex z = 0;
  for (int i = 0; i < limit; ++i) {
    z = z * z + c;
    if (creal(z) * creal(z) + cimag(z) * cimag(z) > 4)
      return i;
  }
  return limit;
}
__attribute__((noinline)) static float _Complex turn(float _Complex z, int n) {
  const float _Complex by = 0.6f + 0.8f * I;
  for (int i = 0; i < n; ++i)
    z = i % 64 ? z * by : z / (float _Complex)(0.28f + 0.96f * I);
  return z;
}
__attribute__((noinline)) static long double _Complex spiral(int n) {
  long double _Complex z = 1, sum = 0;
  for (int i = 0; i < n; ++i) {
    z *= 0.36L + 0.93L * I;
    sum += z;
    if (creall(sum) > 1e9L)
      return z;
  }
  return sum;
}
__attribute__((noinline)) static unsigned _BitInt(37) odd(unsigned _BitInt(37) x, int n) {
  _BitInt(130) wide = 1;
  for (int i = 0; i < n; ++i) {
    x = x * 5 + 3;
    wide = (wide << 3) + (_BitInt(130))x;
    x ^= (unsigned _BitInt(37))(wide >> 60);
    wide &= ((_BitInt(130))1 << 120) - 1;
  }
  return x;
}
static void print128(u128 x) { printf("%016lx%016lx\n", (unsigned long)(x >> 64), (unsigned long)x); }
int main(void) {
  printf("%.18Lf\n", series(400000, 4));
  print128(power(3, 60000, ((u128)1 << 89) - 1));
  print128((u128)signed_walk(((__int128)1 << 100) + 12345, 200000));
  long inside = 0;
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 48; ++x)
      inside += mandelbrot((x - 32) / 16.0 + (y - 12) / 10.0 * I, 300);
  printf("%ld %d\n", inside, mandelbrot(-0.1 + 0.1 * I, 300000));
  float _Complex f = turn(1, 100000);
  printf("%.9g %.9g\n", (double)crealf(f), (double)cimagf(f));
  long double _Complex s = spiral(100000);
  printf("%.15Lf %.15Lf\n", creall(s), cimagl(s));
  printf("%ld\n", (long)odd(12345, 200000));
  return 0;
}
