// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops in functions of other calling conventions: ms_abi, regcall, vectorcall, preserve_most, preserve_all.
// LEVELS: O0 frontend O2
#include <stdio.h>
typedef float v4f __attribute__((vector_size(16)));
__attribute__((ms_abi, noinline)) static long microsoft(long a, double b, long c, float d, long e, int n) {
  for (int i = 0; i < n; ++i) {
    a = (a * 3 + c + e) & 0xffffff;
    b = b * 0.5 + d + (double)(a & 7);
    e ^= i;
  }
  return a + (long)b;
}
struct triple { long a, b, c; };
__attribute__((ms_abi, noinline)) static struct triple microsoft_returned(struct triple t, int n) {
  for (int i = 0; i < n; ++i)
    t = (struct triple){(t.b + i) & 0xffff, t.c ^ t.a, t.a};
  return t;
}
__attribute__((ms_abi, noinline)) static long microsoft_variadic(int n, ...) {
  __builtin_ms_va_list list, copy;
  __builtin_ms_va_start(list, n);
  long sum = 0;
  for (int r = 0; r < 20000; ++r) {
    __builtin_ms_va_copy(copy, list);
    for (int i = 0; i < n; ++i)
      sum = (sum * 3 + __builtin_va_arg(copy, long)) % 1000003;
    __builtin_ms_va_end(copy);
  }
  __builtin_ms_va_end(list);
  return sum;
}
__attribute__((regcall, noinline)) static long registers(long a, long b, long c, long d, long e, long f, long g, long h, double i,
                                                         double j, int n) {
  for (int k = 0; k < n; ++k) {
    long t = a;
    a = b ^ k, b = c, c = d + 1, d = e, e = f, f = g, g = h & 0xffff, h = t + (long)i;
    i = i * 0.5 + j;
  }
  return a + b + c + d + e + f + g + h;
}
__attribute__((vectorcall, noinline)) static v4f vectors(v4f a, v4f b, int n) {
  for (int i = 0; i < n; ++i) {
    v4f t = a * 0.5f + b * 0.25f;
    b = a;
    a = t + (float)(i & 3);
  }
  return a + b;
}
static long seen;
__attribute__((preserve_most, noinline)) static void most(int n, long x) {
  for (int i = 0; i < n; ++i)
    seen = (seen * 5 + x + i) % 1000003;
}
__attribute__((preserve_all, noinline)) static void all(int n, double x) {
  for (int i = 0; i < n; ++i)
    seen = (seen * 7 + (long)(x * i)) % 1000003;
}
// Values the caller keeps in registers that only these conventions preserve.
__attribute__((noinline)) static long caller(int n) {
  long a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
  double x = 1, y = 2, z = 3;
  for (int i = 0; i < n; ++i) {
    most(i % 100, a);
    all(i % 50, x);
    a += b, b ^= c, c += d, d ^= e, e += f, f ^= g, g += h, h ^= i;
    x = x * 0.5 + y, y = y * 0.5 + z, z = z * 0.25 + i;
  }
  return (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h) + (long)(x + y + z) + seen;
}
int main(void) {
  printf("%ld\n", microsoft(1, 2, 3, 4, 5, 200000));
  struct triple t = microsoft_returned((struct triple){1, 2, 3}, 200000);
  printf("%ld %ld %ld\n", t.a, t.b, t.c);
  printf("%ld\n", microsoft_variadic(6, 1l, 2l, 3l, 4l, 5l, 6l));
  printf("%ld\n", registers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200000));
  v4f v = vectors((v4f){1, 2, 3, 4}, (v4f){5, 6, 7, 8}, 200000);
  printf("%.5f %.5f %.5f %.5f\n", (double)v[0], (double)v[1], (double)v[2], (double)v[3]);
  most(200000, 1);
  all(200000, 0.5);
  printf("%ld\n", seen);
  printf("%ld\n", caller(2000));
  return 0;
}
