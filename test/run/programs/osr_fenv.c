// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding modes, floating-point exceptions, x87 precision and errno set before a loop hold while it runs and after it.
// LIBS: -lm
// LEVELS: O0 frontend
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <xmmintrin.h>
static volatile double one = 1, ten = 10, zero = 0;
__attribute__((noinline)) static double sum(int n) {
  volatile double total = 0;
  for (int i = 0; i < n; ++i)
    total = total + one / ten;
  return total;
}
__attribute__((noinline)) static int mode_changes(int n) {
  static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  int wrong = 0;
  double down = 0;
  for (int i = 0; i < n; ++i) {
    if (i % 1000 == 0)
      fesetround(modes[i / 1000 % 4]);
    else if (i % 100 == 0)
      wrong += fegetround() != modes[i / 1000 % 4];
    volatile double third = one / 3;
    down += third > 1.0 / 3;
  }
  fesetround(FE_TONEAREST);
  return wrong * 1000000 + (int)down;
}
__attribute__((noinline)) static int raised(int n) {
  volatile double x = 0;
  int seen = 0;
  feclearexcept(FE_ALL_EXCEPT);
  x = one / zero;
  for (int i = 0; i < n; ++i) {
    x = x + 1;
    if (i % 1000 == 0)
      seen += fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_INEXACT) == FE_DIVBYZERO;
  }
  feclearexcept(FE_ALL_EXCEPT);
  return seen;
}
__attribute__((noinline)) static long double extended(int n) {
  unsigned short control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  unsigned short single = control & (unsigned short)~0x300; // 24 bits of precision
  __asm__ volatile("fldcw %0" : : "m"(single));
  volatile long double total = 0;
  for (int i = 0; i < n; ++i)
    total = total + 1.0L / (i + 1);
  unsigned short after;
  __asm__ volatile("fnstcw %0" : "=m"(after));
  __asm__ volatile("fldcw %0" : : "m"(control));
  return after == single ? total : -1;
}
__attribute__((noinline)) static int flushed(int n) {
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040); // denormals are zero
  volatile float tiny = 1e-38f;
  int zeros = 0;
  for (int i = 0; i < n; ++i) {
    volatile float x = tiny * 0.5f;
    zeros += x == 0;
  }
  _mm_setcsr(before);
  return zeros;
}
__attribute__((noinline)) static int error_number(int n) {
  int wrong = 0;
  errno = ERANGE;
  for (int i = 0; i < n; ++i)
    wrong += errno != ERANGE;
  return wrong;
}
int main(void) {
  static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; ++i) {
    fesetround(modes[i]);
    double total = sum(60000);
    int kept = fegetround() == modes[i];
    fesetround(FE_TONEAREST);
    printf("%a %d\n", total, kept);
  }
  printf("%d %d\n", mode_changes(200000), raised(200000));
  printf("%.12Lf\n", extended(200000));
  printf("%d %d\n", flushed(200000), error_number(200000));
  return 0;
}
