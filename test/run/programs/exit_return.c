// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The value main returns is the exit status; buffered output is written first.
// STATUS: 42
#include <stdio.h>
int main(void) {
  printf("no newline at the end");
  return 42;
}
