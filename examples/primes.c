// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A hot function: isPrime is called for every number, and soon recompiled with more optimisation while the
// program runs. What happened is in the statistics:
//
//     ./dev run --stats examples/primes.c
//     ./dev run --tier=0 examples/primes.c 3000000      everything stays in the first tier: slower
//
// Output: 78498 primes below 1000000, the last is 999983
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool isPrime(unsigned number) {
  if (number % 2 == 0)
    return number == 2;
  for (unsigned divisor = 3; divisor <= number / divisor; divisor += 2)
    if (number % divisor == 0)
      return false;
  return number > 1;
}

int main(int argc, char** argv) {
  const unsigned limit = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
  unsigned count = 0;
  unsigned last = 0;
  for (unsigned number = 2; number < limit; ++number) {
    if (isPrime(number)) {
      ++count;
      last = number;
    }
  }
  printf("%u primes below %u, the last is %u\n", count, limit, last);
  return 0;
}
