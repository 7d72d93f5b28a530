// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix multiplication with everything in main, on local arrays: entered once, never left before the end.

#include "kernel.h"

enum { Size = 100 };

int main(int argc, char** argv) {
  double a[Size][Size], b[Size][Size], c[Size][Size];
  unsigned state = 42;
  for (int i = 0; i < Size; ++i)
    for (int j = 0; j < Size; ++j) {
      a[i][j] = kernel_random(&state) % 16;
      b[i][j] = kernel_random(&state) % 16;
    }
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    for (int i = 0; i < Size; ++i)
      for (int j = 0; j < Size; ++j) {
        double sum = 0;
        for (int k = 0; k < Size; ++k)
          sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    double trace = 0;
    for (int i = 0; i < Size; ++i) {
      trace += c[i][i];
      a[i][unit % Size] = (double)((int)c[i][i] & 15); // small integers: every sum stays exact
    }
    kernel_tick((unsigned long long)trace);
  }
}
