// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inline variables, statics of inline functions and templates, their guards, thread-locals and addresses of inline functions
// are there once, for the program and two libraries, and are made and destroyed once.
// LINK: so:library.cpp so:second.cpp
#include "library.h"
#include "shared.h"
#include <thread>
static void threads(const char *where) {
  int a = library::thread(), b = ++perThread, c = library::calls(), d = countCalls();
  std::printf("%s: %d %d %d %d %d %d\n", where, a, b, c, d, library::threadAddress() == &perThread,
              library::secondThreadAddress() == &perThread);
}
int main() {
  long same = 0;
  for (int i = 0; i < 20000; ++i) {
    Registry::get().value = i;
    Registry::shared = i & 7;
    same += library::value() == i * 100 + (i & 7);
    ++Holder<int>::slot;
  }
  std::printf("%ld %d %d %d\n", same, library::registry() == &Registry::get(), library::secondRegistry() == &Registry::get(),
              library::slot() == &Holder<int>::slot);
  std::printf("%d %d\n", library::earlyAddress() == &early, library::function() == inlineFunction());
  int a = nextNumber<int>(), b = library::number(), c = library::secondNumber(), d = nextNumber<long>();
  std::printf("%d %d %d %d\n", a, b, c, d);
  threads("main");
  std::thread(threads, "other").join();
  threads("main");
  for (int i = 0; i < 3; ++i) {
    try {
      library::fail(i);
    } catch (const Thrown &thrown) {
      std::printf("%d %d\n", thrown.number, thrown.kind());
    }
  }
}
