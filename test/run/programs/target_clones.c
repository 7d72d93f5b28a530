// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// target_clones: the compiler's own dispatch through an ifunc to variants for several processors.
// LEVELS: O0 O2
#include <stdio.h>
__attribute__((target_clones("default", "avx2", "avx512f"))) long total(const int *values, int n);
__attribute__((target_clones("default", "avx2", "avx512f"))) long total(const int *values, int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i)
    sum += values[i] * (long)(i & 3);
  return sum;
}
static long (*const pointer)(const int *, int) = total;
int main(void) {
  static int values[512];
  for (int i = 0; i < 512; ++i)
    values[i] = i * 37 % 101;
  long sum = 0;
  for (int i = 0; i < 2000; ++i)
    sum += total(values, 512 - i % 100) + pointer(values, i % 100);
  printf("%ld\n", sum);
  return 0;
}
