// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variants for AVX2, FMA and AVX-512 chosen with __builtin_cpu_supports and target attributes; all give one result.
// LEVELS: O0 frontend O2
#include <immintrin.h>
#include <stdio.h>
static long plain(const int *data, int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i)
    sum += (long)data[i] * data[i];
  return sum;
}
__attribute__((target("avx2"))) static long avx2(const int *data, int n) {
  __m256i sum = _mm256_setzero_si256();
  for (int i = 0; i < n; i += 8) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(data + i));
    __m256i odd = _mm256_srli_epi64(v, 32);
    sum = _mm256_add_epi64(sum, _mm256_add_epi64(_mm256_mul_epi32(v, v), _mm256_mul_epi32(odd, odd)));
  }
  long parts[4];
  _mm256_storeu_si256((__m256i *)parts, sum);
  return parts[0] + parts[1] + parts[2] + parts[3];
}
__attribute__((target("avx512f"))) static long avx512(const int *data, int n) {
  __m512i sum = _mm512_setzero_si512();
  for (int i = 0; i < n; i += 16) {
    __m512i v = _mm512_loadu_si512(data + i);
    __m512i odd = _mm512_srli_epi64(v, 32);
    sum = _mm512_add_epi64(sum, _mm512_add_epi64(_mm512_mul_epi32(v, v), _mm512_mul_epi32(odd, odd)));
  }
  return _mm512_reduce_add_epi64(sum);
}
// Wide vectors as arguments of a function called for the first time through the lazy entry: all of their bits arrive.
__attribute__((target("avx"), noinline)) static __m256d scale(__m256d a, __m256d b, __m256d c, __m256d d, __m256d e, __m256d f,
                                                              __m256d g, __m256d h) {
  return _mm256_add_pd(_mm256_add_pd(_mm256_add_pd(a, b), _mm256_add_pd(c, d)),
                       _mm256_add_pd(_mm256_add_pd(e, f), _mm256_add_pd(g, h)));
}
__attribute__((target("avx"))) static int wide_arguments(void) {
  __m256d v[8];
  for (int i = 0; i < 8; ++i)
    v[i] = _mm256_set_pd(i + 1, 10 * i, 100 * i, 1000 * i);
  double out[4];
  _mm256_storeu_pd(out, scale(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]));
  return out[0] == 28000 && out[1] == 2800 && out[2] == 280 && out[3] == 36;
}
__attribute__((target("avx512f"), noinline)) static __m512d last(__m512d a, __m512d b, __m512d c, __m512d d, __m512d e, __m512d f,
                                                                 __m512d g, __m512d h) {
  return _mm512_add_pd(h, _mm512_sub_pd(a, _mm512_add_pd(b, _mm512_sub_pd(c, _mm512_add_pd(d, _mm512_sub_pd(e, _mm512_add_pd(f, g)))))));
}
__attribute__((target("avx512f"))) static int wider_arguments(void) {
  __m512d v[8];
  for (int i = 0; i < 8; ++i)
    v[i] = _mm512_set_pd(i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7);
  __m512d r = last(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
  return _mm512_reduce_add_pd(r) == 8 * 8 + 28 * 2 - 8 * 0 - 0 ? 1 : (int)_mm512_reduce_add_pd(r);
}
__attribute__((target("fma"))) static double fused(double a, double b, double c) {
  return _mm_cvtsd_f64(_mm_fmadd_sd(_mm_set_sd(a), _mm_set_sd(b), _mm_set_sd(c)));
}
int main(void) {
  static int data[4096];
  for (int i = 0; i < 4096; ++i)
    data[i] = (i * 7919) % 10007 - 5000;
  int has2 = __builtin_cpu_supports("avx2") != 0, has512 = __builtin_cpu_supports("avx512f") != 0;
  long expected = plain(data, 4096);
  int good = 0;
  for (int i = 0; i < 300; ++i) {
    good += (has2 ? avx2(data, 4096) : plain(data, 4096)) == expected;
    good += (has512 ? avx512(data, 4096) : plain(data, 4096)) == expected;
  }
  printf("%ld %d\n", expected, good);
  volatile double a = 1 + 0x1p-30, b = 1 - 0x1p-30, c = -1;
  if (__builtin_cpu_supports("fma"))
    printf("%a\n", fused(a, b, c));
  if (__builtin_cpu_supports("avx"))
    printf("%d\n", wide_arguments());
  if (has512)
    printf("%d\n", wider_arguments());
  return 0;
}
