// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions and type identity across modules: bitcode, a natively compiled object and a shared library.
// LINK: bc:second.cpp o:object.cpp so:library.cpp
#include "types.h"
#include <cstdio>
static void thrower(int n) { throw Shape(n); }
static int through(void (*where)(void (*)(int), int), int n) {
  try {
    where(thrower, n); // main's exception through the other module's frames
  } catch (const Shape &s) {
    return s.sides;
  }
  return -1;
}
template <class F> static int caught(F &&f) {
  try {
    f();
  } catch (const Square &s) {
    return 1000 + s.sides;
  } catch (const Shape &s) {
    return 2000 + s.sides;
  }
  return -1;
}
int main() {
  long sum = 0;
  for (int i = 0; i < 700; ++i) {
    sum += through(bitcode_call, i) + through(object_call, i) + through(library_call, i);
    sum += caught(bitcode_throw) + caught(object_throw) + caught(library_throw);
  }
  std::printf("%ld guards %d %d %d\n", sum, bitcode_guards(), object_guards(), library_guards());
  std::printf("%d %d %d\n", caught(bitcode_throw), caught(object_throw), caught(library_throw));
  std::printf("catches there: %d %d %d\n", bitcode_catch(thrower), object_catch(thrower), library_catch(thrower));
  const std::type_info *types[] = {bitcode_type(), object_type(), library_type()};
  for (const std::type_info *type : types)
    std::printf("%d %s\n", *type == typeid(Square), type->name());
}
