// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++ thread_local objects: constructed on first use in each thread, destroyed when it ends, main's before the statics.
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
static std::mutex mutex;
static std::string log_text;
static void note(const std::string &text) {
  std::lock_guard lock(mutex);
  log_text += text + "\n";
}
struct Static {
  ~Static() { std::puts("static destroyed"); }
} object;
struct Local {
  std::string name;
  explicit Local(const char *n) : name(n) { note("+" + name); }
  ~Local() {
    note("-" + name);
    if (name == "main's")
      std::puts("main's thread_local destroyed");
  }
};
thread_local const char *label = "main's";
thread_local Local local(label);
inline thread_local std::string inlined = "some text beyond the small string buffer";
struct Class {
  static thread_local int member;
};
thread_local int Class::member = static_cast<int>(inlined.size());
static int touch() {
  thread_local Local inner("function's");
  return static_cast<int>(local.name.size() + inner.name.size()) + Class::member++;
}
int main() {
  std::printf("%d\n", touch());
  for (int i = 0; i < 3; ++i)
    std::thread([i] {
      if (i == 1)
        return; // never touches any: nothing is constructed
      label = "thread's";
      int sum = 0;
      for (int n = 0; n < 20000; ++n)
        sum += touch() & 1;
      note("sum " + std::to_string(sum));
    }).join();
  std::fputs(log_text.c_str(), stdout);
}
