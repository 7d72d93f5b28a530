// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variable-length arrays and alloca before, inside and around hot loops: contents stay, space of inner scopes is given back.
// LEVELS: O0 frontend O2
#include <alloca.h>
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static long before(int size, int n) {
  int array[size];
  memset(array, 0, sizeof array);
  for (int i = 0; i < n; ++i)
    array[i % size] += array[(i + 1) % size] % 100 + i % 3;
  long sum = (long)sizeof array;
  for (int i = 0; i < size; ++i)
    sum = (sum * 3 + array[i]) % 1000003;
  return sum;
}
// Inside the loop: a million of these together would be far larger than any stack.
__attribute__((noinline)) static long inside(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    unsigned char scratch[1000 + i % 3000];
    scratch[0] = (unsigned char)i;
    scratch[sizeof scratch - 1] = (unsigned char)(i >> 3);
    sum += scratch[0] + scratch[sizeof scratch - 1] + (long)sizeof scratch % 7;
  }
  return sum;
}
__attribute__((noinline)) static long two_levels(int n, int width) {
  long sum = 0;
  for (int i = 1; i <= n; ++i) {
    long row[width + i % 5];
    for (int k = 0; k < width; ++k) {
      int cell[k % 7 + 1];
      for (int l = 0; l <= k % 7; ++l)
        cell[l] = l * i;
      row[k] = cell[k % 7] + k;
    }
    for (int k = 1; k < width; ++k)
      row[k] += row[k - 1] % 11;
    sum += row[width - 1];
  }
  return sum;
}
// alloca in the loop: all of them stay until the function returns, and an index finds each again.
__attribute__((noinline)) static long kept(int n) {
  unsigned char *blocks[n];
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    blocks[i] = alloca((size_t)i % 30 + 1);
    blocks[i][i % 30] = (unsigned char)i;
    if (i % 1000 == 999)
      for (int k = 0; k <= i; ++k)
        sum += blocks[k][k % 30] ^= 1;
  }
  for (int i = 0; i < n; ++i)
    sum = (sum * 3 + blocks[i][i % 30]) % 1000003;
  return sum;
}
__attribute__((noinline)) static long parameter(int n, int m, int matrix[n][m]) {
  long sum = 0;
  for (int round = 0; round < 30; ++round)
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < m; ++k)
        sum += matrix[i][k] = matrix[(i + 1) % n][(k + 1) % m] + round;
  return sum;
}
// Left by goto, whose target is before the declaration.
__attribute__((noinline)) static int restarted(int n) {
  int tries = 0, total = 0;
again:;
  char text[++tries * 3];
  for (int i = 0; i < (int)sizeof text; ++i) {
    text[i] = (char)(i + tries);
    total += text[i];
  }
  if (tries < n)
    goto again;
  return total;
}
int main(void) {
  printf("%ld\n", before(1000, 300000));
  printf("%ld\n", inside(300000));
  printf("%ld\n", two_levels(600, 60));
  printf("%ld\n", kept(10000));
  int matrix[80][70];
  for (int i = 0; i < 80; ++i)
    for (int k = 0; k < 70; ++k)
      matrix[i][k] = i * k;
  printf("%ld\n", parameter(80, 70, matrix));
  printf("%d\n", restarted(300));
  return 0;
}
