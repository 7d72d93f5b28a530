// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops left from several levels by break, continue, goto and return, and continued from below by goto.
// LEVELS: O0 frontend O2
#include <stdio.h>
static unsigned next(unsigned *state) { return *state = *state * 1664525u + 1013904223u, *state >> 16; }
__attribute__((noinline)) static unsigned out_of_three(int n) {
  unsigned state = 1, sum = 0;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < 10; ++j) {
      for (int k = 0; k < 10; ++k) {
        unsigned r = next(&state);
        sum += r ^ (unsigned)(i + j + k);
        if (r % 7 == 0)
          continue;
        if (r % 11 == 0)
          break;
        if (r % 13 == 0)
          goto next_j;
        if (r % 101 == 0)
          goto next_i;
        if (r == 4711 && i > n / 2)
          goto done;
        sum = sum << 1 | sum >> 31;
      }
      sum += 3;
    next_j:
      sum ^= (unsigned)j;
    }
    sum += 5;
  next_i:
    sum ^= (unsigned)i;
  }
done:
  return sum;
}
__attribute__((noinline)) static int search(const int *cells, int width, int height, int wanted, int *tries) {
  for (int round = 0;; ++round)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        ++*tries;
        if (cells[y * width + x] == wanted - round)
          return (round * height + y) * width + x;
      }
}
// One loop header, reached by four gotos: four back edges.
__attribute__((noinline)) static unsigned many_back_edges(unsigned x) {
  unsigned steps = 0, hash = 0;
again:
  ++steps;
  hash = hash * 33 + x;
  if (steps == 400000)
    return hash;
  if (x % 2 == 0) {
    x /= 2;
    goto again;
  }
  if (x % 3 == 0) {
    x = x / 3 + 7;
    goto again;
  }
  if (x < 1000000) {
    x = 5 * x + 1;
    goto again;
  }
  x >>= 5;
  goto again;
}
__attribute__((noinline)) static unsigned in_switch(int n) {
  unsigned state = 9, sum = 0;
  for (int i = 0; i < n; ++i) {
    switch (next(&state) % 8) {
    case 0: continue;
    case 1: sum += 1; // and on
    case 2: sum ^= 0x55; break;
    case 3:
      while (next(&state) % 4 != 0) {
        if (sum % 5 == 0)
          goto out;
        ++sum;
      }
      break;
    case 4:
      do
        sum += 2;
      while (sum % 3 != 0);
      continue;
    default: sum = sum * 3 + 1;
    }
    sum += (unsigned)i;
  out:;
  }
  return sum;
}
int main(void) {
  printf("%u\n", out_of_three(20000));
  int cells[60], tries = 0;
  for (int i = 0; i < 60; ++i)
    cells[i] = i * i % 61 + 100;
  int place = search(cells, 10, 6, 10099, &tries);
  printf("%d %d\n", place, tries);
  printf("%u %u\n", many_back_edges(27), in_switch(200000));
  return 0;
}
