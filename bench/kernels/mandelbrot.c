// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Mandelbrot set with everything in main: a short loop that depends on itself, left at unpredictable
// times.

#include "kernel.h"

// Whether a point escapes may hang on the last bit: the same arithmetic for everybody.
#pragma STDC FP_CONTRACT OFF

int main(int argc, char** argv) {
  enum { Width = 96, Height = 64, Limit = 60 };
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    double zoom = 1.0 / (double)(1 + unit % 8);
    unsigned long long total = 0;
    for (int row = 0; row < Height; ++row)
      for (int column = 0; column < Width; ++column) {
        double cx = -0.75 + (column - Width / 2) * zoom * 3.0 / Width;
        double cy = 0.1 + (row - Height / 2) * zoom * 2.0 / Height;
        double x = 0, y = 0;
        int count = 0;
        while (count < Limit && x * x + y * y < 4) {
          double next = x * x - y * y + cx;
          y = 2 * x * y + cy;
          x = next;
          ++count;
        }
        total = total * 3 + count;
      }
    kernel_tick(total);
  }
}
