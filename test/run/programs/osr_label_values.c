// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variables that hold addresses of labels or something else: a sentinel, an object's address, null; volatile ones too.
// LEVELS: O0 frontend O2
#include <stdio.h>
static int object;
__attribute__((noinline)) static unsigned sentinel(int n) {
  void* resume = (void*)-1;
  unsigned sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += (unsigned)i;
    if (resume == (void*)-1) {
      sum ^= 1;
      if (i % 1000 == 999)
        resume = &&once;
      continue;
    }
    goto* resume;
  once:
    sum = sum * 7 + 100;
    resume = (void*)-1;
  }
  return sum;
}
__attribute__((noinline)) static unsigned pointer(int n, int which) {
  void* p = which == 0 ? (void*)&object : which == 1 ? 0 : &&out;
  unsigned sum = 0;
  for (int i = 0; i < n; ++i) {
    sum = sum * 3 + (unsigned)i;
    if (p == (void*)&object)
      sum ^= 7;
    if (!p)
      sum += 5;
  }
  if (!p || p == (void*)&object)
    return sum;
  goto* p;
out:
  return ~sum;
}
__attribute__((noinline)) static unsigned changing(int n) {
  void* volatile p = &&odd;
  unsigned sum = 0;
  for (int i = 0; i < n; ++i) {
    sum = sum * 3 + (unsigned)i;
    goto* p;
  odd:
    sum ^= 1;
    p = &&even;
    continue;
  even:
    sum += 2;
    p = &&odd;
  }
  return sum;
}
int main(void) {
  for (int n = 10; n <= 100000; n *= 100)
    printf("%u %u %u %u %u\n", sentinel(n), pointer(n, 0), pointer(n, 1), pointer(n, 2), changing(n));
}
