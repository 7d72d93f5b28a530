// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program replaces itself with another, whose status is the one reported.
// STATUS: 17
#include <unistd.h>
int main(void) {
  execl("/bin/sh", "sh", "-c", "echo replaced; exit 17", (char *)0);
  return 1;
}
