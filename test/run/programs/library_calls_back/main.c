// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A shared library that uses functions and variables of the program by name, as an executable's exports allow.
// LINK: so:library.c
#include <stdio.h>
int program_value = 5;
int program_function(int x);
int program_function(int x) { return x + program_value; }
int library_function(int x);
int *library_variable_address(void);
int overridden(void);
int overridden(void) { return 1; } // the program's definition goes before the library's own
int library_calls_overridden(void);
extern int library_variable;
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += library_function(i);
  printf("%ld %d\n", sum, program_value);
  library_variable = 9;
  printf("%d %d\n", library_variable_address() == &library_variable, *library_variable_address());
  printf("%d %d\n", overridden(), library_calls_overridden());
  return 0;
}
