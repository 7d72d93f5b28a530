// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls.h"
static __thread long sums[8] = {1, 2, 3};
int archived_bump(void) { return (int)(sums[2]++ + second_bump() - second_counter); }
