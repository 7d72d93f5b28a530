// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writing to a pipe nobody reads kills by SIGPIPE.
// SIGNAL: SIGPIPE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  int ends[2];
  if (pipe(ends))
    return 1;
  close(ends[0]);
  puts("before");
  fflush(stdout);
  ssize_t done = write(ends[1], "x", 1);
  printf("must not be reached: %zd\n", done);
  return 0;
}
