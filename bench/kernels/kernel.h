// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the kernels share. A kernel does its work in units of about a millisecond at -O2; its first argument
// says how many. After each it prints a line "tick CHECKSUM", which the launcher stamps: programs need not
// know the time, and every unit's result is compared with the native build's. Results must not depend on how
// a compiler contracts floating-point expressions, so floating-point kernels begin each unit from one of a
// few states and print rounded results.

#pragma once
#include <stdio.h>
#include <stdlib.h>

static inline long kernel_units(int argc, char** argv) { return argc > 1 ? atol(argv[1]) : 100; }

static inline void kernel_tick(unsigned long long checksum) {
  printf("tick %llx\n", checksum);
  fflush(stdout);
}

static inline unsigned kernel_random(unsigned* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}
