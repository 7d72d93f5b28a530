// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recursion with hot loops in each activation: some are in old code, some in new, and all have to return to each other.
// LEVELS: O0 frontend O2
#include <stdio.h>
__attribute__((noinline)) static unsigned down(int depth, int n) {
  unsigned h = (unsigned)depth;
  for (int i = 0; i < n; ++i)
    h = h * 31 + (unsigned)i;
  if (depth > 0)
    h ^= down(depth - 1, n);
  for (int i = 0; i < n; ++i)
    h = h * 33 + (unsigned)(i ^ depth);
  return h;
}
__attribute__((noinline)) static unsigned in_loop(int depth, int width) {
  unsigned h = (unsigned)width;
  for (int i = 0; i < width; ++i) {
    h = h * 5 + (unsigned)i;
    if (depth > 0)
      h += in_loop(depth - 1, width - 1);
  }
  return h;
}
static unsigned odd(int n, unsigned *rounds);
__attribute__((noinline)) static unsigned even(int n, unsigned *rounds) {
  unsigned h = 1;
  for (int i = 0; i < 400; ++i)
    h += h * 3 + (unsigned)i, ++*rounds;
  return n == 0 ? h : h ^ odd(n - 1, rounds);
}
__attribute__((noinline)) static unsigned odd(int n, unsigned *rounds) {
  unsigned h = 2;
  for (int i = 0; i < 400; ++i) {
    h += h * 7 + (unsigned)i, ++*rounds;
    if (i == 200 && n > 0)
      h ^= even(n - 1, rounds);
  }
  return h;
}
static int board[12], solutions;
__attribute__((noinline)) static void queens(int row, int size) {
  if (row == size) {
    ++solutions;
    return;
  }
  for (int column = 0; column < size; ++column) {
    int safe = 1;
    for (int i = 0; i < row; ++i)
      if (board[i] == column || board[i] - column == row - i || column - board[i] == row - i) {
        safe = 0;
        break;
      }
    if (safe) {
      board[row] = column;
      queens(row + 1, size);
    }
  }
}
// Each activation's array is its own.
__attribute__((noinline)) static long arrays(int depth) {
  long cells[50];
  for (int i = 0; i < 50; ++i)
    cells[i] = i * depth;
  long below = depth > 0 ? arrays(depth - 1) : 1;
  for (int round = 0; round < 20; ++round)
    for (int i = 0; i < 50; ++i)
      cells[i] = (cells[i] * 3 + cells[(i + 1) % 50] + below) % 1000003;
  return cells[depth % 50];
}
int main(void) {
  printf("%u\n", down(200, 1000));
  printf("%u\n", in_loop(6, 8));
  unsigned rounds = 0;
  unsigned h = even(300, &rounds);
  printf("%u %u\n", h, rounds);
  queens(0, 8);
  printf("%d\n", solutions);
  printf("%ld\n", arrays(300));
  return 0;
}
