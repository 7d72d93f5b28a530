// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exception that leaves a thread's function: terminate.
// SIGNAL: SIGABRT
#include <cstdio>
#include <thread>
int main() {
  std::puts("before");
  std::fflush(stdout);
  std::thread([] { throw 42; }).join();
  std::puts("must not be reached");
}
