// With a threshold of one the first look comes when a function was entered once; it is looked at again.
// RUN: %tiercel run --policy=cost --threshold=1 --sync --log=debug %s 2>&1 | FileCheck %s

// CHECK: continuation of once at tier 3
// CHECK: result 3050714048
#include <stdio.h>
__attribute__((noinline)) static unsigned once(int n) {
  unsigned sum = 0;
  for (int i = 0; i < n; ++i)
    sum = sum * 3 + (unsigned)i;
  return sum;
}
int main(void) { printf("result %u\n", once(30000000)); }
