// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
extern int program_value;
int program_function(int x);
int library_variable = 8;
int *library_variable_address(void) { return &library_variable; }
int library_function(int x) {
  program_value = x % 11;
  return program_function(x);
}
int overridden(void) { return 2; }
int library_calls_overridden(void) { return overridden(); }
