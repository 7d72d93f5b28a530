// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exception_ptr carried between threads; eight threads throwing at once.
#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
struct Custom : std::runtime_error {
  int code;
  Custom(int c) : std::runtime_error("custom " + std::to_string(c)), code(c) {}
};
static void fail(int n) { throw Custom(n); }
static std::exception_ptr capture(int n) {
  try {
    fail(n);
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}
int main() {
  std::vector<std::exception_ptr> pointers(8);
  std::atomic<long> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      pointers[t] = capture(t);
      for (int i = 0; i < 1000; ++i)
        try {
          fail(i);
        } catch (const Custom &c) {
          sum += c.code;
        }
    });
  for (auto &thread : threads)
    thread.join();
  for (const auto &pointer : pointers)
    for (int twice = 0; twice < 2; ++twice)
      try {
        std::rethrow_exception(pointer);
      } catch (const std::runtime_error &e) {
        std::puts(e.what());
      }
  std::printf("%ld\n", sum.load());
}
