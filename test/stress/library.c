// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A library whose constructor, which runs under the loader's lock, calls the program under stress.
void tiercel_stress_in_constructor(void);

__attribute__((constructor)) static void construct(void) { tiercel_stress_in_constructor(); }
