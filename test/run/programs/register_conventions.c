// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calling conventions that use other registers: whatever carries an argument survives a first call.
// LEVELS: O0 frontend O2
#include <stdio.h>
#define MANY int a, int b, int c, int d, int e, int f, int g, int h, double x, double y
#define SUM (a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + (int)(x + 10 * y))
#define PASS 1, 2, 3, 4, 5, 6, 7, 8, 9.0, 10.0
__attribute__((regcall, noinline)) static int in_registers(MANY, long i, long j, long k) { return SUM + (int)(i * 100 + j * 1000 + k * 10000); }
__attribute__((preserve_none, noinline)) static int none(MANY, long i, long j, long k) { return SUM + (int)(i + j + k); }
__attribute__((preserve_most, noinline)) static int most(MANY) { return SUM; }
__attribute__((preserve_all, noinline)) static int all(MANY) { return SUM; }
__attribute__((ms_abi, noinline)) static int microsoft(MANY) { return SUM; }
__attribute__((vectorcall, noinline)) static int vector(MANY) { return SUM; }
__attribute__((sysv_abi, noinline)) static int system_v(MANY) { return SUM; }
typedef int (*__attribute__((ms_abi)) microsoft_pointer)(MANY);
static microsoft_pointer volatile pointer = microsoft;
int main(void) {
  long sum = 0;
  // Values live across the calls: those a callee promises to preserve are kept in registers by optimised callers.
  for (long i = 0; i < 5000; ++i) {
    long a = i * 3, b = i * 5, c = i * 7;
    double x = (double)i * 0.5, y = (double)i * 0.25;
    sum += in_registers(PASS, i, 2, 3) + none(PASS, i, 1, 1);
    sum += most(PASS) + all(PASS) + microsoft(PASS) + vector(PASS) + system_v(PASS) + pointer(PASS);
    sum += a + b * 2 + c * 3 + (long)(x + y);
  }
  printf("%ld\n", sum);
  return 0;
}
