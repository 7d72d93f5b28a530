// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Destructors of statics run in reverse order of construction, mixed with atexit handlers, and may call new functions.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
static int depth(int n) { return n == 0 ? 0 : 1 + depth(n - 1); }
struct Logger {
  std::string name;
  explicit Logger(const char *n) : name(n) { std::printf("+%s\n", name.c_str()); }
  ~Logger() {
    int reached = 0;
    for (int i = 0; i < 2000; ++i)
      reached = depth(10);
    std::printf("-%s %d\n", name.c_str(), reached);
  }
};
static Logger a("a"), b("b");
static std::vector<std::string> words(100, "some text that is too long for the small buffer");
Logger &lazy() {
  static Logger instance("lazy");
  return instance;
}
struct Nested {
  ~Nested() {
    lazy().name = "changed";
    static Logger inside("constructed during destruction");
    std::puts("-nested");
  }
} nested;
static Logger c("c");
int main() {
  std::atexit([] { std::puts("handler 1"); });
  lazy();
  std::atexit([] { std::puts("handler 2"); });
  std::printf("%zu\n", words.size());
}
