// A function with loops whose calls run out goes to the top tier, because a long call could not leave the code of a tier
// between. Activations that loop in first code meanwhile go on asking.
// RUN: %tiercel run --sync --log=debug %s 2>&1 | FileCheck %s

// CHECK: promoting scan to tier 3: calls reached the threshold
// CHECK: promoting caught to tier 3: calls reached the threshold
// CHECK: promoting caught to tier 3: an activation still loops in old code
// CHECK: continuation of caught at tier 3
// CHECK: result 66063253
#include <stdio.h>
__attribute__((noinline)) static unsigned scan(const unsigned* values, int n) {
  unsigned sum = 0;
  for (int i = 0; i < n; ++i)
    sum += values[i] * 3;
  return sum;
}
__attribute__((noinline)) static unsigned caught(int depth) {
  unsigned sum = 1;
  if (depth == 0)
    return sum;
  for (int i = 0; i < 500; ++i)
    sum += caught(0);
  for (int i = 0; i < 100000; ++i)
    sum = sum * 3 + (unsigned)i;
  return sum;
}
int main(void) {
  static const unsigned values[3] = {1, 2, 3};
  unsigned sum = 0;
  for (int i = 0; i < 1000; ++i)
    sum += scan(values, 3);
  printf("result %u\n", sum + caught(1));
}
