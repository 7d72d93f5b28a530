// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// printf, cout, puts, write and cerr of one program come out in its order.
#include <cstdio>
#include <iostream>
#include <unistd.h>

int main() {
  for (int i = 0; i < 500; ++i) {
    std::printf("printf %d\n", i);
    std::cout << "cout " << i << '\n';
    std::puts("puts");
    if (i % 100 == 0) {
      std::cout.flush();
      std::fflush(stdout);
      if (write(1, "write\n", 6) != 6)
        return 1;
      std::cerr << "cerr " << i << std::endl;
    }
  }
}
