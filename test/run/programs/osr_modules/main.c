// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Long loops that call small functions of other modules, of an archive and of a native object: candidates for inlining.
// LINK: bc:second.c bc:third.c a:archived.c o:object.c
// LEVELS: O0 frontend O2
#include "modules.h"
#include <stdio.h>
int shared_counter = 1;
static int same_name(int x) { return x + 1; }
int call_back(int x) { return same_name(x) & 0xff; }
int main(void) {
  long sum = 0;
  struct pair p = {1, 2};
  for (int i = 0; i < 150000; ++i) {
    sum += second_small(i) + third_small(i) + same_name(i);
    sum ^= second_static(i) + third_static(i);
    p = second_pair(p, i);
    sum += archived(i) + in_object(i & 0xff);
    sum = third_through(call_back, (int)(sum & 0xffff)) + sum % 1000003;
    if (i % 3 == 0)
      second_touch();
  }
  printf("%ld %ld %ld %d %d\n", sum, p.a, p.b, shared_counter, *third_place());
  long other = 0;
  for (int i = 0; i < 100000; ++i) // afterwards the archive's and the modules' state is where it was left
    other += *second_place() + archived(i) % 3;
  printf("%ld\n", other);
  return 0;
}
