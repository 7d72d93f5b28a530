// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floating point is exact: no fused multiply-add where the native build has none, no reassociation, signed zeros, NaNs.
// LEVELS: O0 frontend O2
// LIBS: -lm
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
static double contracted(double a, double b, double c) { return a * b + c; }
static float contracted_float(float a, float b, float c) { return a * b - c; }
static double sum_of(const double *values, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i)
    sum += values[i] * values[n - 1 - i];
  return sum;
}
static unsigned long bits(double d) {
  unsigned long u;
  memcpy(&u, &d, sizeof u);
  return u;
}
static int compare(double a, double b) { return (a < b) + 2 * (a > b) + 4 * (a == b) + 8 * (a != b) + 16 * !(a < b) + 32 * isunordered(a, b); }
int main(void) {
  volatile double one = 1.0;
  double a = one + 0x1p-27, r = 0;
  float f = 0;
  for (int i = 0; i < 20000; ++i) {
    r += contracted(a, a + i * 0x1p-40, -one);
    f += contracted_float((float)a + 0x1p-12f, 1.0f + (float)i * 0x1p-12f, 1.0f);
  }
  printf("%a %a %a\n", r, (double)f, contracted(a, a, -1.0));
  double values[101];
  for (int i = 0; i < 101; ++i)
    values[i] = sin(i) * pow(10, i % 7 - 3);
  for (int i = 0; i < 300; ++i)
    r = sum_of(values, 101);
  printf("%a\n", r);
  double zero = one - 1, inf = one / zero, nan = zero / zero;
  printf("%016lx %016lx %016lx\n", bits(-zero), bits(zero * -one), bits(0.0 - zero));
  printf("%d %d %d %d %d\n", compare(1, 2), compare(nan, 1), compare(inf, inf), compare(-zero, zero), compare(nan, nan));
  printf("%g %g %g %a %a\n", inf, -inf, fabs(nan), DBL_TRUE_MIN * one, DBL_MIN * one / 2);
  printf("%a %a %a %a\n", sqrt(one * 2), (one + 1) / 3, fmin(nan, one), copysign(one, -zero));
  printf("%a %a %a %a %a\n", floor(-one / 2), rint(one * 2.5), round(one * 2.5), fmod(one * 10, 3), fma(a, a, -one));
  volatile double big = 3e9, negative = -3.7;
  printf("%u %ld %d %lu\n", (unsigned)big, (long)negative, (int)negative, (unsigned long)(big * big));
  printf("%.9g %.17g %.6f\n", (double)(float)0.1, 0.1 + 0.2, (double)(one * 123456789 / 1000));
  return 0;
}
