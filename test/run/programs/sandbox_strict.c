// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program allows itself nothing but reading, writing and ending, on pain of death, and goes on: with what it has called
// before, what it calls for the first time and what gets hot.
// STATUS: 7
#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static long table[64];
static double scale = 1.5;
__attribute__((noinline)) static long step(long x, long by) { return x * 31 + by + table[by & 63]; }
__attribute__((noinline)) static long early(long n) {
  long sum = 0;
  for (long i = 0; i < n; ++i)
    sum = step(sum, i & 7);
  return sum;
}
__attribute__((noinline)) static long late(long n) {
  long sum = (long)(scale * 2);
  for (long i = 0; i < n; ++i)
    sum = step(sum, i & 63);
  return sum;
}
__attribute__((noinline)) static long deeper(long n) { return n == 0 ? early(3) : deeper(n - 1) + late(2); }
static void say(long value) {
  char text[32];
  int at = sizeof text;
  unsigned long left = (unsigned long)value;
  text[--at] = '\n';
  do
    text[--at] = (char)('0' + left % 10);
  while (left /= 10);
  if (write(1, text + at, sizeof text - at) < 0)
    syscall(SYS_exit, 1);
}
static long (*volatile later)(long) = late;
int main(void) {
  for (int i = 0; i < 64; ++i)
    table[i] = i * i;
  say(early(100000));
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
    return 1;
  say(late(100000));
  say(early(1000000));
  long sum = 0;
  for (int i = 0; i < 50000; ++i)
    sum += deeper(5) + later(3);
  say(sum);
  syscall(SYS_exit, 7);
}
