// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix types, whose operations are intrinsics that passes lower.
// CFLAGS: -fenable-matrix
// LEVELS: O0 frontend O2
#include <stdio.h>
typedef double m4 __attribute__((matrix_type(4, 4)));
typedef int m23 __attribute__((matrix_type(2, 3)));
typedef int m32 __attribute__((matrix_type(3, 2)));
typedef int m22 __attribute__((matrix_type(2, 2)));
__attribute__((noinline)) static m4 combined(m4 a, m4 b) { return a * b + __builtin_matrix_transpose(a) * 2.0; }
__attribute__((noinline)) static m22 product(m23 a, m32 b) { return a * b; }
__attribute__((noinline)) static double column(const double *from, int stride) {
  double sum = 0;
  for (int i = 0; i < 100; ++i) {
    m4 m = __builtin_matrix_column_major_load(from + i % 3, 4, 4, stride);
    sum += m[i % 4][(i / 4) % 4];
  }
  return sum;
}
int main(void) {
  m4 a, b;
  m23 c;
  m32 d;
  double numbers[64];
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k) {
      a[i][k] = i + k;
      b[i][k] = i - k;
    }
  for (int i = 0; i < 6; ++i) {
    c[i / 3][i % 3] = i;
    d[i % 3][i / 3] = 2 * i;
  }
  for (int i = 0; i < 64; ++i)
    numbers[i] = i * 0.5;
  long sum = 0;
  for (int round = 0; round < 5000; ++round) {
    m4 e = combined(a, b);
    b[round & 3][1] = (double)((long)e[1][2] % 17);
    m22 f = product(c, d);
    c[1][2] = f[0][1] % 11;
    sum += f[1][1] + (long)column(numbers, 5 + round % 3);
  }
  printf("%f %d %ld\n", b[1][1], c[1][2], sum);
  return 0;
}
