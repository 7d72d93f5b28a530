// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exception that would leave a noexcept function calls the terminate handler, which ends the program with a status.
// STATUS: 21
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
static int divide(int a, int b) {
  if (b == 0)
    throw std::domain_error("zero");
  return a / b;
}
static int promise(int a, int b) noexcept { return divide(a, b); }
int main() {
  std::set_terminate([] {
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const std::exception &e) {
      std::printf("terminate: %s\n", e.what());
    }
    std::exit(21);
  });
  long sum = 0;
  for (int i = 1; i < 20000; ++i)
    sum += promise(1000, i);
  std::printf("%ld\n", sum);
  return promise(1, 0);
}
