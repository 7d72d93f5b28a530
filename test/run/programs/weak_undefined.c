// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weak references that nothing defines are null, function and variable alike; a weak one that exists is bound.
#include <stdio.h>
extern int nowhere_function(int) __attribute__((weak));
extern int nowhere_variable __attribute__((weak));
extern int puts(const char *) __attribute__((weak));
extern void LLVMContextCreate(void) __attribute__((weak)); // the engine's own symbols are none of the program's
static int (*const table[])(int) = {nowhere_function};
static int *const pointers[] = {&nowhere_variable};
static int call(int x) { return nowhere_function ? nowhere_function(x) : -x; }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += call(i);
  printf("%ld %d %d %d %d\n", sum, nowhere_function == NULL, &nowhere_variable == NULL, table[0] == NULL, pointers[0] == NULL);
  printf("%d %d\n", puts != NULL, LLVMContextCreate == NULL);
  return puts ? puts("bound") < 0 : 1;
}
