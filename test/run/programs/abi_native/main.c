// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The calling convention agrees with natively compiled code, both ways: a shared library and an object call and are called.
// LINK: so:library.c o:object.c
// LEVELS: O0 O2
#include "abi.h"
#include <stdio.h>
DEFINE(program)
#define TRY(there)                                                                                                     \
  static void try_##there(void) {                                                                                      \
    double total = 0;                                                                                                  \
    for (int i = 0; i < 3000; ++i) {                                                                                   \
      struct functions own = program_functions();                                                                      \
      total += there##_use(&own, i) + program_use_of(there##_functions(), i);                                          \
    }                                                                                                                  \
    printf(#there " %.4f\n", total);                                                                                   \
  }
static double program_use_of(struct functions f, int i) { return program_use(&f, i); }
TRY(library)
TRY(object)
int main(void) {
  try_library();
  try_object();
  return 0;
}
