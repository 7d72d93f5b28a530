// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weak references to the bounds of sections: of one that is there, in code and in data, and of one that is not.
#include <stdio.h>
#define MEMBER __attribute__((section("members"), used)) static int
#define WEAK __attribute__((weak))
MEMBER first = 4;
MEMBER second = 5;
extern int __start_members[] WEAK, __stop_members[] WEAK, __start_nothing[] WEAK, __stop_nothing[] WEAK;
static int *const bounds[] = {__start_members, __stop_members, __start_nothing};
static int sum(void) {
  int total = 0;
  for (int *member = __start_members; member < __stop_members; ++member)
    total += *member;
  return total;
}
int main(void) {
  long total = 0;
  for (int i = 0; i < 20000; ++i)
    total += sum() ^ (i & 3);
  printf("%ld %d %d\n", total, __start_members != NULL, __stop_members - __start_members == 2);
  printf("%d %d\n", __start_nothing == NULL, __stop_nothing == NULL);
  printf("%d %d %d\n", bounds[0] == __start_members, bounds[1] == __stop_members, bounds[2] == NULL);
  return 0;
}
