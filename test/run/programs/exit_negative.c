// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A negative value returned by main.
// STATUS: 255
int main(void) { return -1; }
