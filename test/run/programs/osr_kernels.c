// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plain kernels, each one loop nest run once: sort, matrix product, hash table, text search, dynamic programming, CRC.
// LEVELS: O0 frontend O2
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static void heap_sort(int *a, int n) {
  for (int start = n / 2 - 1, end = n; end > 1;) {
    int root;
    if (start >= 0) {
      root = start--;
    } else {
      int t = a[--end];
      a[end] = a[0];
      a[root = 0] = t;
    }
    for (int child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && a[child] < a[child + 1])
        ++child;
      if (a[root] >= a[child])
        break;
      int t = a[root];
      a[root] = a[child];
      a[child] = t;
    }
  }
}
__attribute__((noinline)) static double product(int n) {
  double *a = malloc(sizeof(double[3]) * (size_t)(n * n)), *b = a + n * n, *c = b + n * n;
  for (int i = 0; i < n * n; ++i)
    a[i] = i % 7, b[i] = i % 5, c[i] = 0;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k)
      for (int j = 0; j < n; ++j)
        c[i * n + j] += a[i * n + k] * b[k * n + j];
  double trace = 0;
  for (int i = 0; i < n; ++i)
    trace += c[i * n + (i * 3) % n];
  free(a);
  return trace;
}
__attribute__((noinline)) static unsigned hash_table(int n) {
  static uint32_t keys[65536], values[65536];
  unsigned collisions = 0;
  for (uint32_t i = 1; i <= (uint32_t)n; ++i) {
    uint32_t key = i * 7 % 40009 + 1, slot = key * 2654435761u >> 16;
    while (keys[slot] && keys[slot] != key)
      slot = (slot + 1) & 65535, ++collisions;
    keys[slot] = key;
    values[slot] += i;
  }
  unsigned sum = collisions;
  for (int i = 0; i < 65536; ++i)
    sum = sum * 31 + values[i];
  return sum;
}
__attribute__((noinline)) static int find_all(const char *text, const char *word) {
  int found = 0;
  for (const char *t = text; *t; ++t) {
    const char *p = t, *q = word;
    while (*q && *p == *q)
      ++p, ++q;
    if (!*q)
      ++found;
  }
  return found;
}
__attribute__((noinline)) static int distance(const char *a, const char *b) {
  int n = (int)strlen(b);
  int row[n + 1];
  for (int k = 0; k <= n; ++k)
    row[k] = k;
  for (int i = 1; a[i - 1]; ++i) {
    int diagonal = row[0];
    row[0] = i;
    for (int k = 1; k <= n; ++k) {
      int best = diagonal + (a[i - 1] != b[k - 1]);
      diagonal = row[k];
      if (row[k - 1] + 1 < best)
        best = row[k - 1] + 1;
      if (row[k] + 1 < best)
        best = row[k] + 1;
      row[k] = best;
    }
  }
  return row[n];
}
__attribute__((noinline)) static uint32_t crc(const char *data, size_t size) {
  uint32_t c = ~0u;
  while (size--) {
    c ^= (unsigned char)*data++;
    for (int bit = 0; bit < 8; ++bit)
      c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}
int main(void) {
  static int numbers[30000];
  static char text[60001], other[500];
  for (int i = 0; i < 30000; ++i)
    numbers[i] = (int)(i * 7919L % 30011);
  heap_sort(numbers, 30000);
  unsigned order = 0;
  for (int i = 0; i < 30000; ++i)
    order = order * 31 + (unsigned)numbers[i];
  printf("%u %.1f %u\n", order, product(110), hash_table(100000));
  for (int i = 0; i < 60000; ++i)
    text[i] = (char)('a' + (unsigned)i * (unsigned)i / 3 % 4);
  for (int i = 0; i < 499; ++i)
    other[i] = (char)('a' + i / 2 % 4);
  printf("%d %08x\n", find_all(text, "abba") + find_all(text, "aaaa"), crc(text, 60000));
  text[700] = 0;
  printf("%d\n", distance(text, other));
  return 0;
}
