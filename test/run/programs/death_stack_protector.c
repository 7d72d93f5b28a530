// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stack protector finds an overrun buffer: message and SIGABRT as natively.
// CFLAGS: -fstack-protector-all
// SIGNAL: SIGABRT
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static int copy(const char *text, size_t size) {
  char buffer[16];
  memcpy(buffer, text, size);
  return buffer[3];
}
int main(void) {
  char text[64];
  memset(text, 'x', sizeof text);
  int sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += copy(text, 16);
  printf("%d\n", sum);
  fflush(stdout);
  volatile size_t too_much = 40;
  return copy(text, too_much);
}
