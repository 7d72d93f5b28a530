// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All the work in loops of main over large local arrays, which code that takes over must share rather than copy.
// LEVELS: O0 frontend O2
#include <stdio.h>
struct point { int x, y; double weight; };
int main(int argc, char **argv) {
  int sieve[60000];
  double grid[100][100], next[100][100];
  struct point points[500];
  char text[4096];
  unsigned short histogram[256] = {0};
  for (int i = 0; i < 60000; ++i)
    sieve[i] = i >= 2;
  for (int i = 2; i * i < 60000; ++i)
    if (sieve[i])
      for (int k = i * i; k < 60000; k += i)
        sieve[k] = 0;
  int primes = 0, last = 0;
  for (int i = 0; i < 60000; ++i)
    if (sieve[i])
      ++primes, last = i;
  printf("%d primes, the last %d, %d argument\n", primes, last, argc);
  for (int y = 0; y < 100; ++y)
    for (int x = 0; x < 100; ++x)
      grid[y][x] = next[y][x] = y == 0 ? 100.0 : (double)(x % 3);
  for (int round = 0; round < 40; ++round) {
    for (int y = 1; y < 99; ++y)
      for (int x = 1; x < 99; ++x)
        next[y][x] = (grid[y - 1][x] + grid[y + 1][x] + grid[y][x - 1] + grid[y][x + 1]) / 4;
    for (int y = 1; y < 99; ++y)
      for (int x = 1; x < 99; ++x)
        grid[y][x] = next[y][x];
  }
  printf("%.12f %.12f\n", grid[1][50], grid[50][50]);
  for (int i = 0; i < 500; ++i)
    points[i] = (struct point){i * 37 % 101, i * 53 % 103, i / 8.0};
  long energy = 0;
  for (int i = 0; i < 500; ++i)
    for (int k = i + 1; k < 500; ++k) {
      int dx = points[i].x - points[k].x, dy = points[i].y - points[k].y;
      energy += dx * dx + dy * dy;
      points[k].weight += points[i].weight / 1024;
    }
  printf("%ld %.6f\n", energy, points[499].weight);
  for (int i = 0; i < 4096; ++i)
    text[i] = (char)('a' + i * i % 26);
  for (int round = 0; round < 30; ++round)
    for (int i = 0; i < 4096; ++i) {
      ++histogram[(unsigned char)text[i]];
      text[i] = (char)('a' + (text[i] - 'a' + round) % 26);
    }
  unsigned sum = 0;
  for (int i = 0; i < 256; ++i)
    sum = sum * 31 + histogram[i];
  printf("%u %d\n", sum, argv[argc] == 0);
  return 0;
}
