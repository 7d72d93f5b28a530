// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first program. Arguments after the file are the program's own:
//
//     ./dev run examples/hello.c
//     ./dev run examples/hello.c Ada Grace
//
// Output: Hello, world!
#include <stdio.h>

int main(int argc, char** argv) {
  if (argc < 2)
    puts("Hello, world!");
  for (int i = 1; i < argc; ++i)
    printf("Hello, %s!\n", argv[i]);
  return 0;
}
