// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A constructor that starts threads and waits for them.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>
static std::atomic<long> total;
static long square(long x) { return x * x; }
struct Init {
  Init() {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (long i = 0; i < 5000; ++i)
          total += square(i % 10);
      });
    for (auto &thread : threads)
      thread.join();
  }
} init;
int main() { std::printf("%ld\n", total.load()); }
