// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thread-locals exported by a shared library, plain and with a constructor, used by the program on several threads.
// LINK: so:lib.cpp
#include "lib.h"
#include <cstdio>
#include <thread>
static int bump() { return ++library_counter; }
static void use(int self) {
  int *before = &library_counter;
  for (int i = 0; i < 20000; ++i)
    bump();
  library_counter += self;
  library_text += std::to_string(self);
  std::printf("%d %d %d %s %s\n", self, library_read(), before == library_address(), library_text.c_str(),
              library_text_copy().c_str());
}
int main() {
  use(0);
  for (int i = 1; i < 4; ++i)
    std::thread(use, i).join();
  use(9);
}
