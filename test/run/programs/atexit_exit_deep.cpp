// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exit called from deep inside a recursion: no automatic object is destroyed, every static one is.
// STATUS: 5
#include <cstdio>
#include <cstdlib>
struct Noisy {
  const char *name;
  ~Noisy() { std::printf("~%s\n", name); }
};
static Noisy global{"global"};
static int hot(int x) { return x ^ (x << 1); }
static void handler() { std::puts("handler"); }
static void descend(int depth, int sum) {
  Noisy automatic{"automatic must not be destroyed"};
  static Noisy local{"local static"};
  if (depth == 0) {
    std::printf("bottom %d\n", sum);
    std::exit(5);
  }
  for (int i = 0; i < 20; ++i)
    sum += hot(i + depth) & 7;
  descend(depth - 1, sum);
}
int main() {
  std::atexit(handler);
  descend(1000, 0);
}
