// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop with three hundred scalar variables of four types alive across its header.
// LEVELS: O0 frontend O2
#include <stdio.h>
#define TEN(X, p) X(p##0) X(p##1) X(p##2) X(p##3) X(p##4) X(p##5) X(p##6) X(p##7) X(p##8) X(p##9)
#define FIFTY(X, p) TEN(X, p##0) TEN(X, p##1) TEN(X, p##2) TEN(X, p##3) TEN(X, p##4)
#define INTS(X) FIFTY(X, i) FIFTY(X, j)
#define DECLARE_INT(v) unsigned v = seed += 3;
#define DECLARE_LONG(v) unsigned long v = seed += 5;
#define DECLARE_DOUBLE(v) double v = (seed += 7) / 8.0;
#define DECLARE_SHORT(v) short v = (short)(seed += 11);
#define STEP_INT(v) v = v * 3 + carry, carry ^= v >> 7;
#define STEP_LONG(v) v = (v << 1 | v >> 63) ^ carry, carry += (unsigned)v;
#define STEP_DOUBLE(v) v = v * 0.5 + (carry & 15), carry += (unsigned)v;
#define STEP_SHORT(v) v = (short)(v + (int)(carry & 0xff)), carry ^= (unsigned)v;
#define ADD_INT(v) sum = sum * 31 + v;
#define ADD_DOUBLE(v) sum = sum * 31 + (unsigned long)(v * 1024);
#define ADD_SHORT(v) sum = sum * 31 + (unsigned long)v;
__attribute__((noinline)) static unsigned long many(unsigned seed, int n) {
  INTS(DECLARE_INT)
  FIFTY(DECLARE_LONG, l) FIFTY(DECLARE_LONG, m)
  FIFTY(DECLARE_DOUBLE, d)
  FIFTY(DECLARE_SHORT, s)
  unsigned carry = 1;
  for (int i = 0; i < n; ++i) {
    INTS(STEP_INT)
    if (i % 3 == 0) {
      FIFTY(STEP_LONG, l)
      continue;
    }
    for (int k = 0; k < i % 4; ++k) {
      FIFTY(STEP_DOUBLE, d)
    }
    FIFTY(STEP_SHORT, s)
    FIFTY(STEP_LONG, m)
  }
  unsigned long sum = carry;
  INTS(ADD_INT)
  FIFTY(ADD_INT, l) FIFTY(ADD_INT, m)
  FIFTY(ADD_DOUBLE, d)
  FIFTY(ADD_SHORT, s)
  return sum;
}
// So many parameters that most of them are on the stack, used only in the loop.
__attribute__((noinline)) static long parameters(long a, double b, int c, float d, char e, short f, long g, long h, double i,
                                                 double j, double k, double l, double m, double n, double o, float p, long q,
                                                 unsigned char r, long double s, __int128 t, int rounds) {
  long sum = 0;
  for (int x = 0; x < rounds; ++x) {
    sum = (sum * 3 + a + c + e + f + g + h + q + r + (long)t) % 1000003;
    b = b * 0.5 + d + i + j + k + l + m + n + o + p + (double)s;
    sum += (long)b;
    a ^= x, c += (int)sum, e = (char)(e + 1), f = (short)(f - x), q += r, t += s > 3;
    c &= 0xffff, q &= 0xffff;
  }
  return sum;
}
int main(void) {
  printf("%lu\n", many(1, 20000));
  printf("%ld\n", parameters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 200000));
  return 0;
}
