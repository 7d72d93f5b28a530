// A function that calls setjmp stays in the code whose frame the jump buffer knows; the loop it calls can be left.
// RUN: %tiercel run --mode=osr-always --log=debug %s 2>&1 | FileCheck --implicit-check-not='continuation of main' %s

// CHECK-DAG: loops of main run to their end: no on-stack replacement: it calls setjmp or the like
// CHECK-DAG: continuation of work at tier
// CHECK-DAG: result 4 499500
#include <setjmp.h>
#include <stdio.h>
static jmp_buf place;
static int work(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum += i;
  return sum;
}
int main(void) {
  volatile int rounds = 0, sum = 0;
  for (volatile int turn = 0; turn < 2; turn = turn + 1)
    if (setjmp(place) < 3) {
      rounds = rounds + 1;
      sum = work(1000);
      longjmp(place, rounds);
    }
  setvbuf(stdout, 0, _IONBF, 0);
  printf("result %d %d\n", rounds, sum);
  return 0;
}
