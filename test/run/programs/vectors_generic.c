// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC vector extensions of 128, 256 and 512 bits: operators, comparisons, shuffles, as arguments and results.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <string.h>
#define VECTOR(name, type, bytes, initial, s1)                                                                            \
  typedef type name __attribute__((vector_size(bytes)));                                                               \
  __attribute__((noinline)) static name step_##name(name a, name b, type s) {                                          \
    return a * s + b - (name){1};                                                                                      \
  }                                                                                                                    \
  static name (*volatile pointer_##name)(name, name, type) = step_##name;                                              \
  static void run_##name(void) {                                                                                       \
    name x, y;                                                                                                         \
    for (unsigned i = 0; i < bytes / sizeof(type); ++i) {                                                              \
      x[i] = (type)(i + 1);                                                                                            \
      y[i] = (type)(initial * (i + 2));                                                                                \
    }                                                                                                                  \
    for (int i = 0; i < 1000; ++i) {                                                                                   \
      x = pointer_##name(x, y, (type)s1);                                                                             \
      y = step_##name(y, x, (type)(s1 / 2)) + pointer_##name(y, x, (type)1) * (type)0;                                     \
    }                                                                                                                  \
    double sum = 0;                                                                                                    \
    for (unsigned i = 0; i < bytes / sizeof(type); ++i)                                                                \
      sum += (double)(x[i] + 2 * y[i]) * (i + 1);                                                                      \
    printf(#name " %.9g\n", sum);                                                                                      \
  }
VECTOR(uint4, unsigned, 16, 3, 5)
VECTOR(uint8, unsigned, 32, 3, 5)
VECTOR(uint16, unsigned, 64, 3, 5)
VECTOR(char32, unsigned char, 32, 1, 7)
VECTOR(short8, unsigned short, 16, 1, 3)
VECTOR(long8, unsigned long, 64, 5, 3)
VECTOR(float2, float, 8, 0.001f, 0.5f)
VECTOR(double4, double, 32, 0.001, 0.5)
typedef float float4 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef double double8 __attribute__((vector_size(64)));
__attribute__((noinline)) static float8 join(float4 a, float4 b, float8 c) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5, 2, 6, 3, 7) * 0.5f + c;
}
__attribute__((noinline)) static double8 many(double8 a, int i, double8 b, double8 c, double8 d, float8 e) {
  return a + b * 2 + c * 3 + d * (double)i + __builtin_convertvector(e, double8);
}
struct holder { char c; float8 v; };
static struct holder in_struct(struct holder h) { h.v = -h.v; return h; }
int main(void) {
  run_uint4(); run_uint8(); run_uint16(); run_char32(); run_short8(); run_long8(); run_float2(); run_double4();
  float8 f = {0};
  double8 d = {1, 2, 3, 4, 5, 6, 7, 8};
  for (int i = 0; i < 3000; ++i) {
    float4 a = {1, 2, 3, (float)i}, b = {5, 6, 7, 8};
    f = join(a, b, f * 0.5f);
    struct holder h = in_struct((struct holder){'h', f});
    d = many(d * 0.01, i % 3, d, d, d, h.v) * 0.01;
  }
  for (int i = 0; i < 8; ++i)
    printf("%.6g %.9g\n", (double)f[i], d[i]);
  return 0;
}
