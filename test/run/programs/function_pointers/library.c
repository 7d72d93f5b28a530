// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int library_defined(int x) { return x + 4; }
