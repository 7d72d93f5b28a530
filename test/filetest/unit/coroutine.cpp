// Coroutines are lowered at tier 0: the code generator knows nothing of them.
// RUN: %clangxx -std=c++20 -c -emit-llvm -Xclang -disable-O0-optnone %s -o %t.bc
// RUN: %tiercel run --tier=0 --dump=lowered:*counting* %t.bc 2>&1 | FileCheck %s

// CHECK-LABEL: tiercel: lowered: _ZL8countingi
// CHECK-NOT: call{{.*}}@llvm.coro.begin
// CHECK-NOT: call{{.*}}@llvm.coro.suspend
// CHECK-DAG: .resume
// CHECK-DAG: .destroy
// CHECK: sum 10
#include <coroutine>
#include <cstdio>

struct Generator {
  struct promise_type {
    int value;
    Generator get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(int next) {
      value = next;
      return {};
    }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

static Generator counting(int end) {
  for (int i = 0; i < end; ++i)
    co_yield i;
}

int main() {
  Generator generator = counting(5);
  int sum = 0;
  while (generator.handle.resume(), !generator.handle.done())
    sum += generator.handle.promise().value;
  generator.handle.destroy();
  fprintf(stderr, "sum %d\n", sum);
}
