// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++20 coroutines with hot loops: across suspensions, between two of them, left by destruction and by an exception.
// LEVELS: O0 frontend O2
#include <coroutine>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>
template <class T> struct Generator {
  struct promise_type {
    T current{};
    std::exception_ptr error;
    Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T value) { return current = value, std::suspend_always{}; }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> handle;
  explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
  Generator(Generator &&other) noexcept : handle(std::exchange(other.handle, {})) {}
  ~Generator() {
    if (handle)
      handle.destroy();
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
  long *sum;
  ~Guard() { std::printf("~%s %ld\n", name, *sum); }
};
// A suspension in each round.
static Generator<long> walk(long n) {
  long x = 1;
  Guard guard{"walk", &x};
  for (long i = 0; i < n; ++i) {
    x = (x * 3 + i) % 1000003;
    co_yield x;
  }
}
// Hot loops between suspensions; the local array lives in the coroutine's frame.
static Generator<long> between(int rounds) {
  long cells[64] = {};
  long sum = 0;
  Guard guard{"between", &sum};
  for (int r = 0; r < rounds; ++r) {
    for (int i = 0; i < 20000; ++i)
      cells[i % 64] += cells[(i * 7 + r) % 64] % 9 + i % 3;
    for (long c : cells)
      sum = (sum * 5 + c) % 1000003;
    co_yield sum;
  }
  for (int i = 0;; ++i) {
    sum = (sum + i) % 1000003;
    if (i == 50000)
      throw i;
  }
}
static Generator<long> product(int n) {
  for (int a = 1; a <= n; ++a)
    for (int b = a; b <= n; ++b)
      if ((a * a + b * b) % 7 == 1)
        co_yield a * 1000 + b;
}
struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
static Task worker(long *total, int id, int n) {
  for (int i = 0; i < n; ++i) {
    *total = (*total * 3 + id * i) % 1000003;
    if (i % 100 == id)
      co_await std::suspend_always{};
  }
}
int main() {
  {
    auto generator = walk(150000);
    long sum = 0;
    while (generator.next())
      sum = (sum + generator.value()) % 1000003;
    std::printf("%ld\n", sum);
  }
  {
    auto unfinished = walk(1000000);
    for (int i = 0; i < 50000; ++i)
      unfinished.next();
  }
  try {
    auto generator = between(10);
    while (generator.next())
      std::printf("%ld ", generator.value());
  } catch (int i) {
    std::printf("%d\n", i);
  }
  long pairs = 0;
  for (auto generator = product(400); generator.next();)
    pairs = (pairs * 31 + generator.value()) % 1000003;
  std::printf("%ld\n", pairs);
  long total = 1;
  std::vector<Task> tasks;
  for (int id = 0; id < 8; ++id)
    tasks.push_back(worker(&total, id, 10000));
  for (bool any = true; any;) {
    any = false;
    for (Task &task : tasks)
      if (!task.handle.done())
        task.handle.resume(), any = true;
  }
  for (Task &task : tasks)
    task.handle.destroy();
  std::printf("%ld\n", total);
}
