// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Of the value given to exit only the low eight bits are reported.
// STATUS: 7
#include <stdlib.h>
int main(void) { exit(256 * 3 + 7); }
