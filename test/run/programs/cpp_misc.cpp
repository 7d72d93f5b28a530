// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Smaller features of C++: structured bindings, fold expressions, constexpr, operator overloading, ranges of lambdas, PMFs,
// placement new, initialiser lists, delegating and inherited constructors, user-defined literals, three-way comparison.
// LEVELS: O0 O2
#include <compare>
#include <cstdio>
#include <initializer_list>
#include <new>
#include <string>
#include <tuple>
#include <utility>
struct Version {
  int major_, minor_;
  auto operator<=>(const Version &) const = default;
};
constexpr long operator""_k(unsigned long long n) { return static_cast<long>(n) * 1000; }
struct Sum {
  long total = 0;
  Sum(std::initializer_list<int> list) {
    for (int x : list)
      total += x;
  }
  Sum() : Sum({1, 2, 3}) {}
};
struct Inherited : Sum {
  using Sum::Sum;
  long operator()(long x) const { return total + x; }
  long operator[](int i) const { return total * i; }
  explicit operator bool() const { return total != 0; }
};
template <class... T> auto add(T... values) { return (values + ... + 0); }
template <class F> auto apply(F f, int n) { return f(n); }
constexpr int factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }
template <int N> struct Table {
  int data[N];
  constexpr Table() : data() {
    for (int i = 0; i < N; ++i)
      data[i] = factorial(i);
  }
};
static constexpr Table<12> table;
int main() {
  long sum = 0;
  alignas(std::string) char storage[sizeof(std::string)];
  for (int i = 0; i < 5000; ++i) {
    Inherited object{i, i + 1};
    auto [a, b] = std::pair(i, i * 0.5);
    auto counter = [n = i]() mutable { return ++n; };
    sum += object(1) + object[2] + (object ? 1 : 0) + add(a, static_cast<int>(b), counter(), counter());
    sum += apply([&](auto x) { return x + a; }, 3) + table.data[i % 12] + (Version{1, i % 5} < Version{1, 3});
    auto *text = new (storage) std::string("placement " + std::to_string(i));
    sum += static_cast<long>(text->size());
    text->~basic_string();
  }
  std::printf("%ld %ld %ld\n", sum, 2_k, Inherited().total);
}
