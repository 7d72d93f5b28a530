// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++20 coroutines: generators, tasks awaiting each other, exceptions through them, destruction half way.
// LEVELS: O0 frontend O2
#include <coroutine>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>
static int frames;
template <class T> struct Generator {
  struct promise_type {
    T current{};
    std::exception_ptr error;
    Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T value) { return current = std::move(value), std::suspend_always{}; }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> handle;
  explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) { ++frames; }
  Generator(Generator &&other) noexcept : handle(std::exchange(other.handle, {})) {}
  ~Generator() {
    if (handle)
      handle.destroy(), --frames;
  }
  bool next() {
    handle.resume();
    if (handle.promise().error)
      std::rethrow_exception(handle.promise().error);
    return !handle.done();
  }
  T value() const { return handle.promise().current; }
};
struct Guard {
  const char *name;
  ~Guard() { std::printf("~%s\n", name); }
};
static Generator<long> fibonacci() {
  Guard guard{"fibonacci"};
  for (long a = 0, b = 1;; b = std::exchange(a, b) + b)
    co_yield a & 0xffff;
}
static Generator<long> squares(Generator<long> inner, int count) {
  for (int i = 0; i < count && inner.next(); ++i)
    co_yield inner.value() * inner.value();
  if (count == 5)
    throw std::runtime_error("five");
}
struct Task {
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    long result = 0;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Awaiter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().continuation; }
        void await_resume() noexcept {}
      };
      return Awaiter{};
    }
    void return_value(long v) { result = v; }
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    handle.promise().continuation = waiting;
    return handle; // symmetric transfer
  }
  long await_resume() {
    long result = handle.promise().result;
    handle.destroy();
    return result;
  }
};
static Task leaf(long n) { co_return n * 3; }
static Task sum(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i)
    total += co_await leaf(i);
  co_return total;
}
int main() {
  {
    auto generator = squares(fibonacci(), 30000);
    long total = 0;
    while (generator.next())
      total += generator.value() % 1000;
    std::printf("%ld\n", total);
  }
  try {
    auto generator = squares(fibonacci(), 5);
    while (generator.next())
      std::printf("%ld ", generator.value());
  } catch (const std::exception &e) {
    std::printf("%s\n", e.what());
  }
  Task task = sum(2000);
  task.handle.resume();
  std::printf("%ld %d\n", task.await_resume(), frames);
}
