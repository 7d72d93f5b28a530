// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int program_helper(int);
int two(int x) { return program_helper(x) + 2; }
