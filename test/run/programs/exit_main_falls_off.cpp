// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A main without return ends with status 0.
#include <cstdio>
int main() { std::puts("fell off the end"); }
