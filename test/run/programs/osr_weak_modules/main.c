// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weak functions that other modules redefine, called in long loops: the weak body must never be taken for the real one.
// LINK: bc:strong.c bc:second.c
// LEVELS: O0 frontend O2
#include <stdio.h>
int use_in_second(int n);
int use_in_strong(int n);
__attribute__((weak)) int replaced(int x) { return x + 1; }
__attribute__((weak)) int own(int x) { return x + 2; }
__attribute__((weak)) const int replaced_constant = 5;
extern __attribute__((weak)) int missing(int x);
extern __attribute__((weak)) int present(int x);
__attribute__((weak)) int loops(int n) {
  int sum = 1;
  for (int i = 0; i < n; ++i)
    sum += 3;
  return sum;
}
__attribute__((noinline)) static long use(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += replaced(i) + own(i) * replaced_constant;
    if (missing)
      sum += missing(i);
    if (present)
      sum += present(i);
  }
  return sum;
}
int main(void) {
  printf("%ld\n", use(200000));
  printf("%d %d\n", use_in_second(100000), use_in_strong(100000));
  printf("%d\n", loops(300000));
  int (*f)(int) = replaced, (*g)(int) = own;
  long sum = 0;
  for (int i = 0; i < 100000; ++i)
    sum += f(i) - g(i);
  printf("%ld\n", sum);
  return 0;
}
