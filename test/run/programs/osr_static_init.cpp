// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops before main and after it: static constructors, local statics set up in a loop, atexit handlers, destructors.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
[[gnu::noinline]] static long work(long seed, int n) {
  long x = seed;
  for (int i = 0; i < n; ++i)
    x = (x * 5 + i) % 1000003;
  return x;
}
struct Table {
  long cells[100];
  explicit Table(int seed) {
    for (int i = 0; i < 100; ++i)
      cells[i] = i;
    for (int i = 0; i < 200000; ++i)
      cells[i % 100] = (cells[i % 100] * 3 + cells[(i + seed) % 100]) % 10007;
  }
  long sum() const {
    long total = 0;
    for (long c : cells)
      total += c;
    return total;
  }
  ~Table() {
    for (int i = 0; i < 100000; ++i)
      cells[i % 100] = (cells[i % 100] + i) % 10007;
    std::printf("~%ld\n", sum());
  }
};
static Table first(1), second(2);
static const long early = work(3, 200000);
[[gnu::constructor]] static void constructor() {
  long sum = 0;
  for (int i = 0; i < 200000; ++i)
    sum = (sum * 7 + i) % 1000003;
  std::printf("%ld\n", sum);
}
static Table &lazy() {
  static Table table = [] {
    long sum = 0;
    for (int i = 0; i < 100000; ++i)
      sum = (sum + i * 3L) % 10007;
    return Table((int)sum);
  }();
  return table;
}
static void at_exit() {
  long sum = 0;
  for (int i = 0; i < 200000; ++i)
    sum = (sum * 3 + i) % 1000003;
  std::printf("exit %ld\n", sum);
}
int main() {
  std::atexit(at_exit);
  std::printf("%ld %ld %ld\n", first.sum(), second.sum(), early);
  std::vector<std::thread> threads;
  std::vector<long> sums(4);
  for (unsigned t = 0; t < 4; ++t) // one of them sets it up, in a loop; the others wait
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20000; ++i)
        sums[t] += lazy().cells[i % 100];
    });
  for (auto &thread : threads)
    thread.join();
  std::printf("%ld %d\n", sums[0], sums[0] == sums[1] && sums[1] == sums[2] && sums[2] == sums[3]);
  std::exit((int)(work(4, 200000) & 0));
}
