// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdio.h>
int plugin_loads;
__attribute__((constructor)) static void load(void) { ++plugin_loads; }
__attribute__((destructor)) static void unload(void) { puts("unloaded"); }
long plugin_run(int (*callback)(int), int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i)
    sum += callback(i);
  return sum;
}
