// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ifunc.h"
static int fast(int x) { return x * 3 + 1; }
static int slow(int x) { return x * 3 + 2; }
static int (*pick(void))(int) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse2") ? fast : slow;
}
int chosen(int x) __attribute__((ifunc("pick")));
int weak_chosen(int x) __attribute__((weak, ifunc("pick")));
int raced(int x) __attribute__((ifunc("pick")));
static int internal(int x) __attribute__((ifunc("pick")));
__attribute__((visibility("hidden"))) int hidden(int x) __attribute__((ifunc("pick")));
static double wide_code(int a, int b, int c, int d, int e, int f, int g, int h, double i, double j, double k, double l, double m,
                        double n, double o, double p, double q) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + i * 2 + j * 3 + k * 4 + l * 5 + m * 6 + n * 7 + o * 8 + p * 9 +
         q * 10;
}
static void *pick_wide(void) {
  volatile double noise[16];
  for (int i = 0; i < 16; ++i)
    noise[i] = i * 1.25;
  return noise[3] > 1 ? (void *)wide_code : 0;
}
double wide(int a, int b, int c, int d, int e, int f, int g, int h, double i, double j, double k, double l, double m, double n,
            double o, double p, double q) __attribute__((ifunc("pick_wide")));
int through(int x) { return chosen(x) + internal(x) + hidden(x); }
int (*pointer(void))(int) { return chosen; }
int (*kept)(int) = chosen;
