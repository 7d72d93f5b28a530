// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same names as in the program, and things of its own.
#include "host.h"
int own_value = 1000;
int own_function(void) { return own_value; }
long plugin_own(int x) {
  own_value += x;
  return own_function() + host_weak(1);
}
