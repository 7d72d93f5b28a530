// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 80-bit long double: arithmetic, comparison, conversion, the mathematical library, storage.
// LEVELS: O0 O2
// LIBS: -lm
#include <math.h>
#include <stdio.h>
#include <string.h>
static long double step(long double x, long double y) { return x / 3.0L + y * 1.0000000000000000001L; }
static long double (*volatile pointer)(long double, long double) = step;
static long double table[4] = {1.5L, -0.0L, 1e4000L, 0x1.123456789abcdefp+10L};
int main(void) {
  long double x = 1;
  for (int i = 0; i < 20000; ++i)
    x = pointer(x, table[i & 1] * 0.25L);
  printf("%.20Lg %La\n", x, x);
  printf("%.18Lg %.18Lg %.18Lg\n", sqrtl(2), sinl(table[0]), powl(table[2], 0.5L));
  printf("%d %d %d %d\n", table[1] < table[0], signbit(table[1]) != 0, isinf(table[2] * table[2]), isnan(table[1] / table[1]));
  long long integer = (long long)table[3];
  unsigned long long huge = (unsigned long long)1.8e19L;
  printf("%lld %llu %La %La\n", integer, huge, (long double)integer, (long double)huge);
  printf("%zu %.17g %.9g\n", sizeof x, (double)table[3], (float)table[3]);
  unsigned char bytes[16] = {0};
  memcpy(bytes, &table[3], 10);
  for (int i = 9; i >= 0; --i)
    printf("%02x", bytes[i]);
  _Complex long double c = (1.0L + 2.0iL) * (3.0L - 0.5iL) / 7.0L;
  printf("\n%.18Lg %.18Lg\n", __real__ c, __imag__ c);
  return 0;
}
