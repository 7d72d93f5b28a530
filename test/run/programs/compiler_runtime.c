// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions that code generation itself calls, most of them in libgcc alone: complex and 128-bit arithmetic, __float128,
// half precision, integer powers, population counts.
// LEVELS: O0 O2
// LIBS: -lm
#include <stdio.h>
static __float128 quad(__float128 a, __float128 b) { return a / b + a * b - (a < b ? 1 : 2); }
static _Float16 half(_Float16 a, _Float16 b) { return a * b + (_Float16)0.5; }
static _Complex double complex_double(_Complex double a, _Complex double b) { return a * b / (a + b); }
static _Complex float complex_float(_Complex float a, _Complex float b) { return a * b / (a + b); }
static unsigned __int128 wide(unsigned __int128 a, unsigned __int128 b) { return a / b + a % b; }
int main(void) {
  volatile double one = 1.0;
  __float128 q = one;
  _Float16 h = (_Float16)one;
  _Complex double z = one + 2.0i;
  _Complex float w = (float)one + 0.5fi;
  unsigned __int128 u = ~(unsigned __int128)0;
  double power = 0;
  int bits = 0;
  for (int i = 1; i < 3000; ++i) {
    q = quad(q, 1 + (__float128)i / 1000);
    if (q > 1e6 || q < -1e6)
      q /= 1e5;
    h = half(h, (_Float16)0.75);
    z = complex_double(z, 1.0 + i * 1i);
    w = complex_float(w, 1.0f + 1.0fi * (float)i);
    u -= wide(u, (unsigned __int128)i << 60);
    power += __builtin_powi(one + i * 1e-4, i % 9);
    bits += __builtin_popcountll((unsigned long long)u) + __builtin_clzll((unsigned long long)i) + __builtin_parity((unsigned)i);
  }
  printf("%.15g %.6g\n", (double)q, (double)h);
  printf("%.12g %.12g %.6g %.6g\n", __real__ z, __imag__ z, __real__ w, __imag__ w);
  printf("%016llx%016llx %.12g %d\n", (unsigned long long)(u >> 64), (unsigned long long)u, power, bits);
  volatile __float128 truncated = 123456789.75;
  printf("%lld %g %lld\n", (long long)truncated, (double)(float)truncated, (long long)(__int128)truncated);
  return 0;
}
