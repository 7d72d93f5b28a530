// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The spectral norm of a matrix that is never stored: floating-point division in small functions that want to
// be inlined.

#include "kernel.h"

#include <math.h>

enum { Most = 128 };

static double entry(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(int n, const double* in, double* out) {
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int j = 0; j < n; ++j)
      sum += entry(i, j) * in[j];
    out[i] = sum;
  }
}

static void times_transposed(int n, const double* in, double* out) {
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int j = 0; j < n; ++j)
      sum += entry(j, i) * in[j];
    out[i] = sum;
  }
}

int main(int argc, char** argv) {
  double u[Most], v[Most], half[Most];
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    int n = Most - (int)(unit % 4);
    for (int i = 0; i < n; ++i)
      u[i] = 1;
    for (int i = 0; i < 10; ++i) {
      times(n, u, half);
      times_transposed(n, half, v);
      times(n, v, half);
      times_transposed(n, half, u);
    }
    double uv = 0, vv = 0;
    for (int i = 0; i < n; ++i) {
      uv += u[i] * v[i];
      vv += v[i] * v[i];
    }
    kernel_tick((unsigned long long)(sqrt(uv / vv) * 1e6));
  }
}
