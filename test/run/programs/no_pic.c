// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code compiled for a fixed address: direct references to the library's functions and data and to its own.
// CFLAGS: -fno-pie
// LDFLAGS: -no-pie
// LEVELS: O0 frontend O2
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int counter;
static int table[100] = {1, 2, 3};
static int (*const functions[])(const char *) = {puts, atoi};
int *cell(int i);
int *cell(int i) { return &table[i % 100]; }
int main(void) {
  for (int i = 0; i < 20000; ++i) {
    counter += *cell(i);
    *cell(i) ^= 1;
  }
  fprintf(stdout, "%d %d\n", counter, environ != NULL);
  printf("%d %d\n", functions[1]("123"), functions[0] == puts);
  return functions[0]("puts") < 0;
}
