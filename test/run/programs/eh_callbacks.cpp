// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions thrown by callbacks travel through native frames of qsort, std::sort and std::function.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>
static int limit;
static int compare(const void *a, const void *b) {
  if (--limit == 0)
    throw std::runtime_error("enough");
  return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}
static int attempt(int allowed) {
  int data[32];
  for (int i = 0; i < 32; ++i)
    data[i] = (i * 37) % 101;
  limit = allowed;
  try {
    std::qsort(data, 32, sizeof data[0], compare);
    return std::is_sorted(data, data + 32) ? 1 : -1;
  } catch (const std::runtime_error &) {
    return 0;
  }
}
int main() {
  int sorted = 0, thrown = 0;
  for (int i = 0; i < 2000; ++i)
    ++(attempt(i % 200 + 1) == 1 ? sorted : thrown);
  std::printf("%d %d\n", sorted > 0, thrown > 0);
  try {
    std::bsearch(&sorted, &sorted, 1, sizeof sorted, [](const void *, const void *) -> int { throw 3; });
  } catch (int i) {
    std::printf("bsearch %d\n", i);
  }
  std::vector<int> v(100);
  std::function<bool(int, int)> order = [n = 0](int a, int b) mutable {
    if (++n == 50)
      throw "sort";
    return a < b;
  };
  try {
    std::sort(v.begin(), v.end(), order);
  } catch (const char *text) {
    std::puts(text);
  }
}
