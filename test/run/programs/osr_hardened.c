// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over local arrays in functions with stack protectors, stack probes, trapping overflow and initialised locals.
// CFLAGS: -fstack-protector-all -fstack-clash-protection -ftrapv -ftrivial-auto-var-init=pattern -fcf-protection=full
// SIGNAL: SIGABRT
// STDERR: ignore
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static unsigned over_array(unsigned h, int n) {
  unsigned char cells[20000];
  memset(cells, 1, sizeof cells);
  for (int i = 0; i < n; ++i) {
    h = h * 31 + cells[i % 20000];
    cells[h % 20000] ^= (unsigned char)i;
  }
  return h;
}
__attribute__((noinline)) static long uninitialised(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    int cells[4];
    cells[i & 3] = i;
    sum += cells[i & 3] & 15;
  }
  return sum;
}
// Past the end of the array, by a loop that is hot before it does harm: found when the function returns.
__attribute__((noinline)) static int overrun(volatile int past) {
  char text[32];
  volatile int sum = 0;
  for (int i = 0; i < 200000; ++i) {
    text[i & 31] = (char)i;
    sum = (sum + text[(i * 7) & 31]) & 0xffff;
  }
  char *volatile p = text;
  for (int i = 0; i < past; ++i)
    p[i] = 'x';
  return sum;
}
int main(void) {
  printf("%u\n", over_array(1, 200000));
  printf("%ld\n", uninitialised(200000));
  printf("%d\n", overrun(32));
  fflush(stdout);
  printf("%d\n", overrun(48));
  return 0;
}
