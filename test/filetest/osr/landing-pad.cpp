// An exception thrown in the continuation leaves through the old frame: it is caught there, and in its caller.
// RUN: %tiercel run --mode=osr-always --log=debug %s 2>&1 | FileCheck %s

// CHECK-DAG: continuation of {{.*}}own{{.*}} at tier
// CHECK-DAG: continuation of {{.*}}out{{.*}} at tier
// CHECK-DAG: result 99 99 2
#include <cstdio>
static int destroyed;
struct Guard {
  ~Guard() { ++destroyed; }
};
static void check(int i) {
  if (i == 99)
    throw i;
}
static int own(int n) {
  Guard guard;
  try {
    for (int i = 0; i < n; ++i)
      check(i);
  } catch (int i) {
    return i;
  }
  return -1;
}
static int out(int n) {
  Guard guard;
  for (int i = 0; i < n; ++i)
    check(i);
  return -1;
}
int main() {
  int a = own(1000), b = 0;
  try {
    out(1000);
  } catch (int i) {
    b = i;
  }
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  std::printf("result %d %d %d\n", a, b, destroyed);
}
