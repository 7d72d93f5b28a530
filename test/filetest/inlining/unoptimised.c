// Front ends mark all of unoptimised code as not to be inlined; at the top tier that means nothing. What looks at its own
// frame stays out.
// RUN: %clang -O0 -emit-llvm -c %s -o %t.bc
// RUN: %tiercel run --tier=3 --dump=inlining:main %t.bc 2>&1 | FileCheck %s

// CHECK-DAG: inlined square in main
// CHECK-DAG: kept    own in main
// CHECK: result 285 1
#include <stdio.h>
static int square(int x) { return x * x; }
static void* own(void) { return __builtin_return_address(0); }
int main(void) {
  int sum = 0;
  for (int i = 0; i < 10; ++i)
    sum += square(i);
  printf("result %d %d\n", sum, own() > (void*)0);
}
