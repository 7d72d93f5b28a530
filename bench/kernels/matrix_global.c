// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix multiplication by a function on global arrays, in the loop order that vectorises.

#include "kernel.h"

enum { Size = 128 };

static double a[Size][Size], b[Size][Size], c[Size][Size];

static void multiply(void) {
  for (int i = 0; i < Size; ++i) {
    for (int j = 0; j < Size; ++j)
      c[i][j] = 0;
    for (int k = 0; k < Size; ++k)
      for (int j = 0; j < Size; ++j)
        c[i][j] += a[i][k] * b[k][j];
  }
}

int main(int argc, char** argv) {
  unsigned state = 7;
  for (int i = 0; i < Size; ++i)
    for (int j = 0; j < Size; ++j) {
      a[i][j] = kernel_random(&state) % 16;
      b[i][j] = kernel_random(&state) % 16;
    }
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    multiply();
    multiply();
    double trace = 0;
    for (int i = 0; i < Size; ++i) {
      trace += c[i][i];
      a[i][unit % Size] = (double)((int)c[i][i] & 15);
    }
    kernel_tick((unsigned long long)trace);
  }
}
