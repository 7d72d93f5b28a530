// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions out of constructors, function try blocks, array members, new expressions and during unwinding.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>
static int alive;
struct Part {
  int n;
  explicit Part(int v = 0) : n(v) {
    if (v == 13)
      throw std::runtime_error("13");
    ++alive;
  }
  Part(const Part &o) : n(o.n) {
    if (o.n == 99)
      throw 99;
    ++alive;
  }
  ~Part() { --alive; }
};
struct Whole {
  Part a, b;
  Whole(int x, int y) try : a(x), b(y) {
  } catch (const std::exception &e) {
    std::printf("function try: %s\n", e.what());
  }
};
struct Careful {
  ~Careful() noexcept {
    try {
      throw 5;
    } catch (int i) {
      std::printf("inside unwinding: %d, uncaught %d\n", i, std::uncaught_exceptions());
    }
  }
};
static Part *make(int n) { return new Part(n); }
int main() {
  try {
    Whole w(1, 13);
  } catch (const std::runtime_error &) {
    std::printf("rethrown, alive %d\n", alive);
  }
  try {
    Careful careful;
    throw std::logic_error("x");
  } catch (const std::logic_error &) {
    std::puts("caught");
  }
  try {
    Part parts[4] = {Part(1), Part(2), Part(13), Part(4)};
    std::printf("%d\n", parts[0].n);
  } catch (...) {
    std::printf("array, alive %d\n", alive);
  }
  int failures = 0;
  for (int i = 0; i < 5000; ++i)
    try {
      delete make(i % 20);
    } catch (...) {
      ++failures;
    }
  std::printf("new: %d, alive %d\n", failures, alive);
  try {
    std::vector<Part> v;
    for (int i = 90; i < 105; ++i)
      v.push_back(Part(i));
  } catch (int i) {
    std::printf("vector %d, alive %d\n", i, alive);
  }
}
