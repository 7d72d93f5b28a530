// A loop inside a scope that gives variable-sized locals back is not left. It runs more often than the other loop of the
// function, which is left all the same.
// RUN: %tiercel run --sync --log=debug %s 2>&1 | FileCheck --implicit-check-not=failed %s

// CHECK: promoting mixed to tier 3: loop iterations reached the threshold in a function that is seldom entered
// CHECK: continuation of mixed at tier 3
// CHECK: result 3373430736
#include <stdio.h>
__attribute__((noinline)) static unsigned mixed(int n, int width) {
  unsigned sum = 0;
  for (int i = 0; i < n; ++i) {
    int row[width];
    for (int k = 0; k < width; ++k) {
      row[k] = i ^ k;
      sum += (unsigned)row[k];
    }
    sum ^= (unsigned)row[width / 2];
  }
  for (int i = 0; i < 100000; ++i)
    sum = sum * 3 + (unsigned)i;
  return sum;
}
int main(void) { printf("result %u\n", mixed(2000, 10)); }
