// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs run under valgrind, which finds their errors, while their code is replaced. (It leaves to the engine one mapping of code
// only, and its own idea of stacks keeps replaced code.)
//
// REQUIRES: valgrind
// RUN: %clang -O1 -Xclang -disable-llvm-passes -emit-llvm -c %s -o %t.bc
// RUN: valgrind -q --error-exitcode=9 %tiercel run --stats=%t.json %t.bc 2>&1 | FileCheck %s
// RUN: FileCheck --check-prefix=STATS --input-file=%t.json %s
// RUN: not valgrind -q --error-exitcode=9 %tiercel run --mode=retire-always,promote-always %t.bc wrong 2>&1 | FileCheck --check-prefixes=CHECK,WRONG %s
// STATS: "mapping": "single"

#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static int square(int x) { return x * x; }

__attribute__((noinline)) static void fill(int *numbers, int count) {
  for (int i = 0; i < count; i++)
    numbers[i] = square(i);
}

int main(int argc, char **argv) {
  (void)argv;
  int *numbers = malloc(10 * sizeof *numbers);
  long sum = 0;
  for (int i = 0; i < 3000; i++) {
    fill(numbers, 10);
    sum += numbers[i % 10];
  }
  // WRONG: Invalid write of size 4
  // WRONG: 0 bytes after a block of size 40 alloc'd
  fill(numbers, argc > 1 ? 11 : 10);
  // CHECK: sum 85500
  printf("sum %ld\n", sum);
  free(numbers);
  return 0;
}
