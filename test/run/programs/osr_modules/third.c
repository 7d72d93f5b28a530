// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules.h"
static int same_name(int x) { return x * 5; }
static int state = 3;
int third_small(int x) { return (x ^ state) & 0xf; }
int third_static(int x) {
  static int calls;
  state = (state + same_name(x & 0xf)) & 0xff;
  return ++calls & 7;
}
int third_through(int (*f)(int), int x) { return f(x) + f(x + 1); }
int *third_place(void) { return &state; }
