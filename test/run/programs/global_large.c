// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A zeroed global array of 64 MiB, a large initialised one, and tables around them.
// LEVELS: O0 O2
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static uint8_t zeroed[64 << 20];
uint32_t exported[1 << 20];
static int initialised[300000] = {[0] = 1, [150000] = 2, [299999] = 3};
static uint8_t *const corners[] = {&zeroed[0], &zeroed[sizeof zeroed - 1], &zeroed[32 << 20]};
static uint8_t get(size_t i) { return zeroed[i]; }
int main(void) {
  long sum = 0;
  for (size_t i = 0; i < sizeof zeroed; i += 4096)
    sum += get(i);
  *corners[0] = 1;
  *corners[1] = 2;
  *corners[2] = 3;
  for (size_t i = 0; i < sizeof zeroed; i += 1 << 12)
    sum += get(i) + get(i + 4095);
  exported[(1 << 20) - 1] = 77;
  printf("%ld %d %d %d %u\n", sum, initialised[0], initialised[150000], initialised[299999], exported[(1 << 20) - 1]);
  return 0;
}
