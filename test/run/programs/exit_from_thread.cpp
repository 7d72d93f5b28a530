// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exit called on another thread while main waits and others keep computing and calling new functions.
// STATUS: 11
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <thread>
#include <unistd.h>
struct Static {
  ~Static() { std::puts("static destroyed"); }
} object;
static std::atomic<int> busy;
template <int N> __attribute__((noinline)) long work(long x) { return (x * (N + 3)) ^ (x >> (N % 13)); }
template <int... N> static long all(long x, std::integer_sequence<int, N...>) {
  ((x = work<N>(x)), ...);
  return x;
}
static void *spin(void *) {
  ++busy;
  for (volatile long x = 1;;)
    x = all(x, std::make_integer_sequence<int, 200>());
}
int main() {
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    pthread_create(&thread, nullptr, spin, nullptr);
  }
  std::thread([] {
    while (busy < 3)
      sched_yield();
    std::puts("exit on a thread");
    std::exit(11);
  }).join();
}
