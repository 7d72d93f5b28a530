// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// init_priority against plain statics, dynamic against constant initialisation.
#include <cstdio>
#include <vector>
static std::vector<int> *order;
static int note(int value) {
  if (!order)
    order = new std::vector<int>;
  order->push_back(value);
  return value;
}
struct Item {
  int value;
  explicit Item(int v) : value(note(v)) {}
  ~Item() { std::printf("~%d\n", value); }
};
Item plain1(1000);
Item late __attribute__((init_priority(500))){500};
Item early __attribute__((init_priority(150))){150};
Item plain2(1001);
template <int N> struct Holder {
  static int value;
};
template <int N> int Holder<N>::value = note(N);
inline int inlined = note(3000);
constexpr int constant = 12;
int from_constant = constant + 1;
__attribute__((constructor(120))) static void function() { note(120); }
int main() {
  std::printf("%d %d\n", Holder<2000>::value == 2000, from_constant);
  for (int value : *order)
    if (value != 2000) // unordered among the others
      std::printf("%d\n", value);
  std::printf("inlined %d\n", inlined);
}
