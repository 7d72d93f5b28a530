// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// std::thread, barrier, async, promise and call_once with eight threads on first calls of the same templates.
#include <barrier>
#include <cstdio>
#include <future>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>
static std::barrier gate(8);
template <int N> __attribute__((noinline)) long mix(long x) {
  gate.arrive_and_wait();
  return (x * (2 * N + 3) + N) % 1000003;
}
template <int... N> long chain(long x, std::integer_sequence<int, N...>) {
  ((x = mix<N>(x)), ...);
  return x;
}
static long hot(long x) { return (x * 31 + 7) % 65521; }
int main() {
  std::vector<long> results(8);
  std::vector<std::thread> threads;
  std::once_flag once;
  int times = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      std::call_once(once, [&] { ++times; });
      long x = chain(t + 1, std::make_integer_sequence<int, 30>());
      for (int i = 0; i < 5000; ++i)
        x = hot(x);
      results[t] = x;
    });
  for (auto &thread : threads)
    thread.join();
  for (long r : results)
    std::printf("%ld\n", r);
  std::vector<std::future<long>> futures;
  for (int t = 0; t < 8; ++t)
    futures.push_back(std::async(std::launch::async, [t] {
      std::vector<long> v(1000);
      std::iota(v.begin(), v.end(), t);
      return std::accumulate(v.begin(), v.end(), 0L, [](long a, long b) { return (a + hot(b)) % 65521; });
    }));
  for (auto &future : futures)
    std::printf("%ld\n", future.get());
  std::promise<int> promise;
  auto future = promise.get_future();
  std::thread([&] { promise.set_value(99); }).join();
  std::printf("%d once %d\n", future.get(), times);
}
