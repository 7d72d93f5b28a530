// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inline functions, templates, inline and static member variables, vtables and local statics are one across all modules.
// LINK: bc:second.cpp o:object.cpp
// LEVELS: O0 O2
#include "shared.h"
#include <cstdio>
DEFINE(first)
int main() {
  const Addresses list[] = {first(), second(), object()};
  for (int i = 1; i < 3; ++i)
    std::printf("%d%d%d%d%d\n", list[0].function == list[i].function, list[0].variable == list[i].variable,
                list[0].local == list[i].local, list[0].instance == list[i].instance, list[0].vtable == list[i].vtable);
  long sum = 0;
  for (int i = 0; i < 6000; ++i)
    sum += *list[i % 3].local += list[(i + 1) % 3].function(i % 7);
  std::printf("%ld %d %d constructed %d\n", sum, inlined, Holder<int>::value, constructed);
  std::printf("%s %s\n", list[1].polymorphic->name(), list[2].polymorphic->name());
}
