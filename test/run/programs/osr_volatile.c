// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Volatile locals, parameters, array elements and pointers in loops: every access happens, in the same place.
// LEVELS: O0 frontend O2
#include <stdio.h>
__attribute__((noinline)) static int twice(volatile int *p) { return *p + *p; }
__attribute__((noinline)) static long locals(int n) {
  volatile int a = 1;
  volatile long sum = 0;
  volatile int i;
  for (i = 0; i < n; i = i + 1) {
    a = a * 3 + i;
    a = a & 0xffff;
    sum = sum + a;
  }
  return sum * 2 + i;
}
__attribute__((noinline)) static int parameter(volatile int left, volatile unsigned short step) {
  int rounds = 0;
  while (left > 0) {
    left -= step;
    ++rounds;
    if (rounds % 50000 == 0)
      step = (unsigned short)(step + 1);
  }
  return rounds * 10 + left;
}
__attribute__((noinline)) static unsigned array(int n) {
  volatile unsigned char bytes[64];
  for (int i = 0; i < 64; ++i)
    bytes[i] = (unsigned char)i;
  for (int i = 0; i < n; ++i)
    bytes[(i * 5) & 63] ^= (unsigned char)(bytes[i & 63] + 1);
  unsigned h = 0;
  for (int i = 0; i < 64; ++i)
    h = h * 31 + bytes[i];
  return h;
}
__attribute__((noinline)) static long pointed(int n) {
  volatile int x = 1, y = 2;
  volatile int *volatile p = &x;
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += twice(p);
    *p = i & 0xff;
    p = i & 1 ? &x : &y;
  }
  return sum + x * 1000 + y;
}
static volatile int stop_at;
__attribute__((noinline)) static void count(int i) {
  if (i == 250000)
    stop_at = 1;
}
__attribute__((noinline)) static int until_changed(void) {
  int i = 0;
  while (!stop_at)
    count(++i);
  return i;
}
int main(void) {
  printf("%ld\n", locals(200000));
  printf("%d\n", parameter(300000, 1));
  printf("%u\n", array(300000));
  printf("%ld\n", pointed(300000));
  printf("%d\n", until_changed());
  return 0;
}
