// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flags distributions build with: fortified functions, stack clash protection, control-flow marks, no PLT, debug information.
// CFLAGS: -g -O1 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-plt
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static int use(const char *text, int n) {
  char buffer[64];
  char large[20000];
  memset(large, n, sizeof large);
  snprintf(buffer, sizeof buffer, "%s-%d", text, n);
  strcat(buffer, "+");
  return (int)strlen(buffer) + large[n % 20000];
}
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += use("text", i % 100);
  printf("%ld\n", sum);
  return 0;
}
