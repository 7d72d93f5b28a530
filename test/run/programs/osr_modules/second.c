// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules.h"
static int same_name(int x) { return x * 3; }
static int state = 2;
static const int table[] = {1, 3, 5, 7, 11, 13, 17, 19};
int second_small(int x) { return table[x & 7]; }
int second_static(int x) {
  static int calls;
  return same_name(x & 0xff) + (++calls & 3) + state;
}
struct pair second_pair(struct pair p, int x) { return (struct pair){p.b & 0xffff, (p.a + x) & 0xffffff}; }
void second_touch(void) { state = (state + third_small(state)) & 0xff, ++shared_counter; }
int *second_place(void) { return &state; }
