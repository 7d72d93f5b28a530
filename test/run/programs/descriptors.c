// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first file a program opens is descriptor 3; it may close all descriptors but the standard ones and go on.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2u * n + 3u) + n; }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
static unsigned (*const table[])(unsigned) = {f0, f1, f2, f3, f4, f5, f6, f7};
int main(void) {
  int fd = open("/dev/null", O_RDONLY);
  printf("%d\n", fd);
  int ends[2];
  if (pipe(ends))
    return 1;
  printf("%d %d\n", ends[0], ends[1]);
  for (int i = 3; i < 1024; ++i)
    close(i);
  unsigned x = 1;
  for (int i = 0; i < 40000; ++i)
    x = table[i / 5000](x);
  printf("%u %d\n", x, open("/dev/null", O_RDONLY));
  return 0;
}
