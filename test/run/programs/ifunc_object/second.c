// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ifunc.h"
int second(int x) { return chosen(x) - weak_chosen(x); }
int (*second_pointer(void))(int) { return chosen; }
