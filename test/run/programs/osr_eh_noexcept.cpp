// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exception leaves the hot loop of a noexcept function: the program is terminated, and no destructor has run by then.
// SIGNAL: SIGABRT
// LEVELS: O0 frontend O2
#include <cstdio>
#include <stdexcept>
struct Guard {
  ~Guard() { std::puts("destroyed"), std::fflush(stdout); }
};
[[gnu::noinline]] static long divide(long a, long b) {
  if (b == 0)
    throw std::domain_error("division by zero");
  return a / b;
}
[[gnu::noinline]] static long promise(int n, int divisor) noexcept {
  long sum = 0;
  for (int i = n; i > 0; --i)
    sum += divide(n, i - divisor);
  return sum;
}
int main() {
  Guard guard;
  std::printf("%ld\n", promise(200000, -1));
  std::fflush(stdout);
  std::printf("%ld\n", promise(200000, 100));
}
