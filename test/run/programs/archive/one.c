// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int two(int);
int one(int x) { return two(x) + 1; }
