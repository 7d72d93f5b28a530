// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pancake flipping over all permutations: small local arrays and loops of few iterations.

#include "kernel.h"

enum { N = 8 };

static int most_flips(int first, int* checksum) {
  int source[N], count[N], copy[N], most = 0, r = N, number = 0;
  for (int i = 0; i < N; ++i)
    source[i] = (i + first) % N;
  for (;;) {
    for (; r != 1; --r)
      count[r - 1] = r;
    for (int i = 0; i < N; ++i)
      copy[i] = source[i];
    int flips = 0, k;
    while ((k = copy[0]) != 0) {
      for (int low = 0, high = k; low < high; ++low, --high) {
        int kept = copy[low];
        copy[low] = copy[high];
        copy[high] = kept;
      }
      ++flips;
    }
    most = flips > most ? flips : most;
    *checksum += number++ % 2 ? -flips : flips;
    for (;;) {
      if (r == N)
        return most;
      int kept = source[0];
      for (int i = 0; i < r; ++i)
        source[i] = source[i + 1];
      source[r] = kept;
      if (--count[r] > 0)
        break;
      ++r;
    }
  }
}

int main(int argc, char** argv) {
  int checksum = 0;
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    int most = most_flips((int)(unit % N), &checksum);
    kernel_tick((unsigned)checksum * 64u + (unsigned)most);
  }
}
