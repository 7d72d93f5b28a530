// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Function-local statics: initialised once by eight racing threads, again after an exception.
#include <atomic>
#include <barrier>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
static std::atomic<int> constructed;
static std::barrier gate(8);
struct Once {
  std::string text;
  explicit Once(int n) : text("instance number " + std::to_string(n) + " of a template") { ++constructed; }
};
template <int N> const std::string &get() {
  static Once instance(N);
  return instance.text;
}
template <int... N> size_t all(std::integer_sequence<int, N...>) {
  size_t sum = 0;
  ((gate.arrive_and_wait(), sum += get<N>().size()), ...);
  return sum;
}
static int attempts;
static int flaky() {
  static int value = [] {
    if (++attempts < 3)
      throw std::runtime_error("not yet");
    return 77;
  }();
  return value;
}
static int counter() {
  static int calls = attempts;
  return ++calls;
}
int main() {
  std::vector<std::thread> threads;
  std::vector<size_t> sums(8);
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      sums[t] = all(std::make_integer_sequence<int, 25>());
      for (int i = 0; i < 3000; ++i)
        sums[t] += get<0>().size();
    });
  for (auto &thread : threads)
    thread.join();
  for (size_t sum : sums)
    std::printf("%zu ", sum);
  std::printf("constructed %d\n", constructed.load());
  for (int i = 0; i < 4; ++i)
    try {
      std::printf("%d\n", flaky());
    } catch (const std::exception &e) {
      std::puts(e.what());
    }
  int last = 0;
  for (int i = 0; i < 20000; ++i)
    last = counter();
  std::printf("%d %d\n", attempts, last);
}
