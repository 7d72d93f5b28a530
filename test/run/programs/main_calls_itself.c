// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A C program may call its own main.
#include <stdio.h>
int main(int argc, char **argv) {
  if (argc > 20000)
    return 0;
  if (argc % 4000 == 0)
    printf("%d\n", argc);
  return main(argc + 1, argv);
}
