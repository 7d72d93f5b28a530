// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops in catch blocks with the exception alive across them: used, nested, rethrown from the loop, counted.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <exception>
#include <stdexcept>
static int alive;
struct Error {
  long value;
  explicit Error(long v) : value(v) { ++alive; }
  Error(const Error &other) : value(other.value) { ++alive; }
  ~Error() { --alive; }
};
[[gnu::noinline]] static long by_reference(int n) {
  try {
    throw Error(3);
  } catch (Error &error) {
    for (int i = 0; i < n; ++i)
      error.value = error.value * 5 % 1000003 + i;
    return error.value * 10 + alive;
  }
}
[[gnu::noinline]] static long by_value(int n) {
  long sum = 0;
  for (int round = 0; round < 3; ++round)
    try {
      throw Error(round);
    } catch (Error error) {
      for (int i = 0; i < n; ++i) {
        error.value += i ^ round;
        if (error.value % 99991 == 0)
          break;
      }
      sum += error.value * 10 + alive;
    }
  return sum;
}
[[gnu::noinline]] static void rethrown(int n) {
  try {
    throw Error(1);
  } catch (Error &error) {
    for (int i = 0;; ++i) {
      ++error.value;
      if (i == n)
        throw;
    }
  }
}
[[gnu::noinline]] static long nested(int n) {
  long sum = 0;
  try {
    throw Error(1000);
  } catch (const Error &outer) {
    for (int i = 0; i < n; ++i) {
      sum += outer.value;
      if (i % 400 == 0)
        try {
          throw Error(i);
        } catch (const Error &inner) {
          for (int k = 0; k < 100; ++k)
            sum ^= inner.value + k;
          sum += std::uncaught_exceptions() + alive;
        }
    }
  }
  return sum;
}
struct Loop { // a destructor with a loop runs while an exception passes
  int n;
  long *sum;
  ~Loop() {
    for (int i = 0; i < n; ++i)
      *sum = (*sum * 7 + i) % 1000003;
    *sum += std::uncaught_exceptions();
  }
};
[[gnu::noinline]] static long unwinding(int n) {
  long sum = 1;
  try {
    Loop first{n, &sum}, second{n + 1, &sum};
    throw Error(5);
  } catch (...) {
    std::exception_ptr held = std::current_exception();
    for (int i = 0; i < n; ++i) {
      std::exception_ptr copy = held;
      sum += copy == held;
      held = copy;
    }
    sum = sum * 10 + alive;
  }
  return sum;
}
int main() {
  std::printf("%ld %d\n", by_reference(300000), alive);
  std::printf("%ld %d\n", by_value(150000), alive);
  try {
    rethrown(300000);
  } catch (const Error &error) {
    std::printf("%ld %d\n", error.value, alive);
  }
  std::printf("%ld %d\n", nested(200000), alive);
  std::printf("%ld %d\n", unwinding(100000), alive);
}
