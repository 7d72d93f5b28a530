// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exception through three hundred frames with destructors, thrown and caught again and again.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <stdexcept>
#include <string>
static long destroyed;
struct Guard {
  ~Guard() { ++destroyed; }
};
static int descend(int n) {
  Guard guard;
  if (n == 0)
    throw std::runtime_error("bottom");
  return descend(n - 1) + 1;
}
static int attempt(int n) {
  try {
    return descend(n);
  } catch (const std::exception &error) {
    return error.what()[0] + n;
  }
}
int main() {
  long sum = 0;
  for (int i = 0; i < 60; ++i)
    sum += attempt(300);
  for (int i = 0; i < 3000; ++i)
    sum += attempt(i % 3);
  std::printf("%ld %ld\n", sum, destroyed);
}
