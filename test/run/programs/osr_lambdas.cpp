// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops in lambdas, with captures by value and by reference, generic ones, recursive ones, and in std::function.
// LEVELS: O0 frontend O2
#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>
#include <vector>
[[gnu::noinline]] static long run(const std::function<long(int)> &f, int n) { return f(n); }
template <class F> [[gnu::noinline]] static void each(int n, F &&f) {
  for (int i = 0; i < n; ++i)
    f(i);
}
int main() {
  long sum = 1;
  auto by_reference = [&](int n) {
    for (int i = 0; i < n; ++i)
      sum = (sum * 3 + i) % 1000003;
    return sum;
  };
  std::printf("%ld\n", run(by_reference, 200000));
  auto by_value = [sum, history = std::vector<int>(100)](int n) mutable {
    for (int i = 0; i < n; ++i)
      history[(unsigned)i % 100] += (int)(sum++ % 7);
    return std::accumulate(history.begin(), history.end(), sum);
  };
  std::printf("%ld %ld\n", run(by_value, 200000), sum);
  each(200000, [&sum](int i) { sum = (sum ^ i) % 1000003; });
  std::printf("%ld\n", sum);
  auto generic = [](auto start, auto... steps) {
    auto x = start;
    for (int i = 0; i < 100000; ++i)
      ((x = x * 3 % 10007 + steps), ...);
    return x;
  };
  std::printf("%d %ld %u\n", generic(1, 2, 3), generic(1L, 2, 3L, 4), generic(5u));
  std::function<long(int, int)> recursive = [&](int depth, int n) -> long {
    long result = 0;
    for (int i = 0; i < n; ++i)
      result = (result * 7 + depth + (depth > 0 && i % 10 == 0 ? recursive(depth - 1, n / 2) : i)) % 1000003;
    return result;
  };
  std::printf("%ld\n", recursive(3, 160));
  std::vector<int> numbers(30000);
  std::iota(numbers.begin(), numbers.end(), 1);
  for (int &n : numbers)
    n = (int)(n * 7919L % 30011);
  std::sort(numbers.begin(), numbers.end(), [&](int a, int b) { return (a ^ 0x55) < (b ^ 0x55); });
  long check = 0;
  for (auto n : numbers)
    check = (check * 31 + n) % 1000003;
  std::printf("%ld\n", check);
}
