// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of 8 to 64 bytes, masks and vector parameters alive across loop headers, also in a function for AVX2.
// CFLAGS: -fwrapv
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <string.h>
typedef int v2i __attribute__((vector_size(8)));
typedef float v4f __attribute__((vector_size(16)));
typedef int v8i __attribute__((vector_size(32)));
typedef double v4d __attribute__((vector_size(32)));
typedef unsigned char v64c __attribute__((vector_size(64)));
typedef long v8l __attribute__((vector_size(64)));
typedef float e3f __attribute__((ext_vector_type(3)));
__attribute__((noinline)) static v4f four(v4f x, int n) {
  v4f y = {1, 2, 3, 4};
  for (int i = 0; i < n; ++i) {
    x = x * 0.5f + y;
    y = __builtin_shufflevector(y, x, 1, 2, 3, 0);
  }
  return x + y;
}
__attribute__((noinline)) static v8i eight(v8i x, int n) {
  v8i y = x + 1;
  for (int i = 0; i < n; ++i) {
    v8i mask = x > y;
    x = (mask & (x ^ i)) | (~mask & (y + i));
    y = x * 3 - y;
    if (i == n - 3)
      return y;
  }
  return x;
}
__attribute__((noinline)) static v4d doubles(v4d x, v4d y, int n) {
  for (int i = 0; i < n; ++i) {
    v4d t = x * 0.25 + y * 0.5;
    y = x - 1.0;
    x = t + i % 3;
  }
  return x + y;
}
__attribute__((noinline)) static v64c bytes(v64c x, v8l l, int n) {
  for (int i = 0; i < n; ++i) {
    x = x * 5 + (unsigned char)i;
    l ^= (v8l)x;
    x += (v64c)(l >> 3);
  }
  return x;
}
__attribute__((noinline)) static int small(v2i a, e3f b, int n) {
  for (int i = 0; i < n; ++i) {
    a = (v2i){a[1] ^ i, a[0] + 1};
    b = b.zxy * 0.5f + (float)(a[0] & 3);
  }
  return a[0] + a[1] + (int)(b.x * 100);
}
__attribute__((noinline, target("avx2,fma"))) static void with_avx2(v8i *to, const v4d *from, int n) {
  v8i x = *to;
  v4d d = *from;
  for (int i = 0; i < n; ++i) {
    x = (x << 1 ^ x >> 3) + i;
    d = d * 0.5 + (double)(x[0] & 1);
  }
  x[7] ^= (int)(d[3] * 1024);
  *to = x;
}
static unsigned hash(const void *data, unsigned size) {
  unsigned char copy[64];
  memcpy(copy, data, size);
  unsigned h = 1;
  for (unsigned i = 0; i < size; ++i)
    h = h * 31 + copy[i];
  return h;
}
int main(void) {
  v4f f = four((v4f){0, 1, 0, 1}, 200000);
  printf("%.4f %.4f %.4f %.4f\n", f[0], f[1], f[2], f[3]);
  v8i e = eight((v8i){1, 2, 3, 4, 5, 6, 7, 8} , 150000), g = (v8i){0};
  for (int i = 0; i < 2000; ++i)
    g += eight((v8i){i, 1, i, 2, i, 3, i, 4}, i % 30);
  printf("%u %u\n", hash(&e, sizeof e), hash(&g, sizeof g));
  v4d d = doubles((v4d){1, 2, 3, 4}, (v4d){4, 3, 2, 1}, 200000);
  printf("%.9f %.9f %.9f %.9f\n", d[0], d[1], d[2], d[3]);
  v64c b = bytes((v64c){1, 2, 3}, (v8l){4, 5, 6}, 100000);
  printf("%u %d\n", hash(&b, sizeof b), small((v2i){1, 2}, (e3f){1, 2, 3}, 200000));
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    with_avx2(&g, &d, 150000);
  printf("%u\n", hash(&g, sizeof g));
  return 0;
}
