// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The floating-point environment in effect belongs to the program while functions are first called: rounding, sticky flags,
// flush to zero, x87 precision, unmasked exceptions.
// LIBS: -lm
#include <fenv.h>
#include <stdio.h>
#include <xmmintrin.h>
#pragma STDC FENV_ACCESS ON
#define F(n) __attribute__((noinline)) static double f##n(double a, double b) { return a / b + n; }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
static double (*const table[])(double, double) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11};
static unsigned mxcsr(void) { return _mm_getcsr() & 0xffc0; }
static unsigned short x87_control(void) {
  unsigned short word;
  __asm__ volatile("fnstcw %0" : "=m"(word));
  return word;
}
__attribute__((noinline)) static double fresh_quiet(double x) { return x + x; }
__attribute__((noinline)) static double fresh_flush(double x) { return x * 0.5; }
__attribute__((noinline)) static long double fresh_x87(long double x) { return x / 3; }
__attribute__((noinline)) static double fresh_trapping(double x) { return x * 2 + 1; }
int main(void) {
  static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
  volatile double one = 1, three = 3;
  for (int m = 0; m < 4; ++m) {
    fesetround(modes[m]);
    double sum = 0;
    for (int i = 0; i < 3; ++i)
      sum += table[m * 3 + i](one, three); // each first called under this mode
    for (int i = 0; i < 3000; ++i)
      sum += table[m * 3 + i % 3](one, three);
    printf("%a %d %04x\n", sum, fegetround() == modes[m], mxcsr());
  }
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
  double exact = fresh_quiet(one);
  printf("%g flags %d\n", exact, fetestexcept(FE_ALL_EXCEPT));
  feraiseexcept(FE_OVERFLOW);
  printf("%d\n", (fetestexcept(FE_ALL_EXCEPT) & FE_OVERFLOW) != 0);
  volatile double smallest = 0x1p-1022;
  unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040); // flush to zero, denormals are zero
  double flushed = fresh_flush(smallest);
  _mm_setcsr(saved);
  printf("%g %g\n", flushed, fresh_flush(smallest) > 0 ? 1.0 : 0.0);
  unsigned short control = x87_control(), single = (unsigned short)(control & ~0x300);
  __asm__ volatile("fldcw %0" : : "m"(single));
  long double coarse = fresh_x87(1.0L);
  int kept = x87_control() == single;
  __asm__ volatile("fldcw %0" : : "m"(control));
  printf("%d %d\n", kept, coarse != fresh_x87(1.0L));
  feclearexcept(FE_ALL_EXCEPT);
  _mm_setcsr(_mm_getcsr() & ~(_MM_MASK_DIV_ZERO | _MM_MASK_INVALID | _MM_MASK_OVERFLOW));
  double sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += fresh_trapping(i);
  printf("%g\n", sum);
  return 0;
}
