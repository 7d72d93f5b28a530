// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program may define functions and variables named like those of the C library, of the C++ one and of the engine.
#include <stdio.h>
int index(int x);
int index(int x) { return x + 1; }
int compile(int x);
int compile(int x) { return x * 2; }
int error = 5;
double gamma = 2.5;
int read_image(int x);
int read_image(int x) { return x ^ 3; }
int LLVMContextCreate(int x);
int LLVMContextCreate(int x) { return x + 7; }
int dlsym_(int x);
int dlsym_(int x) { return -x; }
int stub = 1, cell = 2, image = 3, entry = 4, _start_ = 5;
int strtoll_impl(const char *s) __asm__("my$odd.name@x");
int strtoll_impl(const char *s) { return s[0]; }
int gethostid_(void) __asm__("gethostid"); // the name of a library function that this program does not use otherwise
int gethostid_(void) { return 99; }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += index(i) + compile(i) + read_image(i) + LLVMContextCreate(i) + dlsym_(i) + strtoll_impl("a");
  printf("%ld %d %g %d %d\n", sum, error, gamma, stub + cell + image + entry + _start_, gethostid_());
  return 0;
}
