// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdarg.h>
#include <stdbool.h>
struct big { double d; int values[9]; };
struct pair { double d; long l; };
struct tiny { char c; short s; };
typedef float vector4 __attribute__((vector_size(16)));
typedef double vector4d __attribute__((vector_size(32)));
struct functions {
  struct big (*big)(struct big, int);
  struct pair (*pair)(struct pair, struct pair, struct pair, struct pair);
  struct tiny (*tiny)(struct tiny, bool, signed char, unsigned short);
  long double (*extended)(long double, float, long double);
  __int128 (*wide)(__int128, long, __int128);
  vector4 (*vector)(vector4, float, vector4);
  _Complex double (*complex_)(_Complex double, _Complex float);
  double (*variable)(int, ...);
  vector4d (*vector_wide)(vector4d, double, vector4d);
};
#define DECLARE(prefix)                                                                                                \
  struct functions prefix##_functions(void);                                                                           \
  double prefix##_use(const struct functions *, int);
DECLARE(library)
DECLARE(object)
DECLARE(program)
#define DEFINE(prefix)                                                                                                 \
  static struct big big(struct big b, int i) { b.values[i % 9] += i; b.d *= 0.5; return b; }                           \
  static struct pair pair(struct pair a, struct pair b, struct pair c, struct pair d) {                                \
    return (struct pair){a.d + b.d * 2 + c.d * 3 + d.d * 4, a.l + b.l * 2 + c.l * 3 + d.l * 4};                        \
  }                                                                                                                    \
  static struct tiny tiny(struct tiny t, bool b, signed char c, unsigned short s) {                                    \
    return (struct tiny){(char)(t.c + b + c), (short)(t.s + s)};                                                       \
  }                                                                                                                    \
  static long double extended(long double a, float f, long double b) { return a * f + b; }                             \
  static __int128 wide(__int128 a, long l, __int128 b) { return a * l + b; }                                           \
  static vector4 vector(vector4 a, float f, vector4 b) { return a * f + b; }                                           \
  static _Complex double complex_(_Complex double a, _Complex float b) { return a * b; }                               \
  static double variable(int n, ...) {                                                                                 \
    va_list list;                                                                                                      \
    va_start(list, n);                                                                                                 \
    double sum = 0;                                                                                                    \
    for (int i = 0; i < n; ++i)                                                                                        \
      sum += va_arg(list, int) * va_arg(list, double);                                                                 \
    va_end(list);                                                                                                      \
    return sum;                                                                                                        \
  }                                                                                                                    \
  static vector4d vector_wide(vector4d a, double f, vector4d b) { return a * f + b; }                                  \
  struct functions prefix##_functions(void) {                                                                          \
    return (struct functions){big, pair, tiny, extended, wide, vector, complex_, variable, vector_wide};               \
  }                                                                                                                    \
  double prefix##_use(const struct functions *f, int i) {                                                              \
    double sum = 0;                                                                                                    \
    struct big b = f->big((struct big){i, {1, 2, 3, 4, 5, 6, 7, 8, 9}}, i);                                            \
    for (int k = 0; k < 9; ++k)                                                                                        \
      sum += b.values[k] * (k + 1);                                                                                    \
    struct pair p = {i, i + 1}, q = f->pair(p, p, p, p);                                                               \
    struct tiny t = f->tiny((struct tiny){'a', 5}, i & 1, -3, (unsigned short)i);                                      \
    sum += b.d + q.d + (double)q.l + t.c + t.s;                                                                        \
    sum += (double)f->extended(i, 0.5f, 2.25L) + (double)f->wide(i, -3, (__int128)1 << 40);                            \
    vector4 v = f->vector((vector4){1, 2, 3, 4}, 2, (vector4){0.5f, 0.25f, 0, (float)i});                              \
    sum += v[0] + v[1] * 2 + v[2] * 3 + v[3];                                                                          \
    _Complex double c = f->complex_(1.0 + 2.0i, 3.0f - 1.0fi);                                                         \
    sum += __real__ c + 2 * __imag__ c;                                                                                \
    sum += f->variable(9, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, i, 0.5);                     \
    vector4d w = f->vector_wide((vector4d){1, 2, 3, 4}, 3, (vector4d){0.5, 0.25, 0.125, i});                           \
    return sum + w[0] + w[1] * 2 + w[2] * 3 + w[3];                                                                    \
  }
