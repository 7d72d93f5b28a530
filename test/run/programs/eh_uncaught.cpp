// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exception nobody catches: the library's message and SIGABRT.
// SIGNAL: SIGABRT
#include <cstdio>
#include <stdexcept>
struct Guard {
  ~Guard() { std::puts("must not run: nothing is unwound"); }
};
static void thrower() { throw std::runtime_error("nobody catches this"); }
int main() {
  Guard guard;
  std::puts("before");
  std::fflush(stdout);
  thrower();
}
