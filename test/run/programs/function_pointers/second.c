// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
typedef int (*function)(int);
int first_defined(int x), object_defined(int x), library_defined(int x);
int second_defined(int x);
int second_defined(int x) { return x + 2; }
function second_sees(int which);
function second_sees(int which) {
  static const function table[] = {first_defined, second_defined, object_defined, library_defined};
  return table[which];
}
