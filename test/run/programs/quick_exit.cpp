// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quick_exit runs the at_quick_exit handlers and nothing else.
// STATUS: 6
#include <cstdio>
#include <cstdlib>
struct S {
  ~S() { std::puts("must not be destroyed"); }
} object;
int main() {
  std::atexit([] { std::puts("must not run"); });
  std::at_quick_exit([] { std::puts("quick 1"); std::fflush(stdout); });
  std::at_quick_exit([] { std::puts("quick 2"); });
  std::puts("main");
  std::quick_exit(6);
}
