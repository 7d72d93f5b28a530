// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SSE2 intrinsics: integer and floating point, conversions, shuffles, unaligned access, fences.
// LEVELS: O0 O2
#include <emmintrin.h>
#include <stdio.h>
static __m128i hash(__m128i v, __m128i k) {
  v = _mm_add_epi32(_mm_mul_epu32(v, k), _mm_slli_epi32(v, 3));
  v = _mm_xor_si128(v, _mm_srli_epi64(v, 7));
  return _mm_shuffle_epi32(_mm_adds_epu8(v, k), _MM_SHUFFLE(1, 3, 0, 2));
}
static double dot(const double *a, const double *b, int n) {
  __m128d sum = _mm_setzero_pd();
  for (int i = 0; i < n; i += 2)
    sum = _mm_add_pd(sum, _mm_mul_pd(_mm_loadu_pd(a + i), _mm_loadu_pd(b + i)));
  return _mm_cvtsd_f64(_mm_add_sd(sum, _mm_unpackhi_pd(sum, sum)));
}
static int count_bytes(const char *text, int n, char c) {
  int count = 0;
  for (int i = 0; i + 16 <= n; i += 16)
    count += __builtin_popcount((unsigned)_mm_movemask_epi8(
        _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + i)), _mm_set1_epi8(c))));
  return count;
}
int main(void) {
  __m128i v = _mm_set_epi32(1, 2, 3, 4), k = _mm_set1_epi32((int)0x9e3779b9u);
  static double a[65], b[65];
  static char text[1025];
  for (int i = 0; i < 65; ++i)
    a[i] = i * 0.5, b[i] = 1.0 / (i + 1);
  for (int i = 0; i < 1025; ++i)
    text[i] = (char)('a' + i * 7 % 26);
  double total = 0;
  int count = 0;
  for (int i = 0; i < 20000; ++i) {
    v = hash(v, k);
    if (i % 16 == 0) {
      total += dot(a + 1, b, 64);
      count += count_bytes(text + 1, 1024, (char)('a' + i % 26));
    }
  }
  unsigned out[4];
  _mm_storeu_si128((__m128i *)out, v);
  _mm_mfence();
  printf("%08x %08x %08x %08x %.12g %d\n", out[0], out[1], out[2], out[3], total, count);
  printf("%d %d\n", _mm_cvtsd_si32(_mm_set_sd(2.5)), _mm_cvttsd_si32(_mm_set_sd(-2.9)));
  return 0;
}
