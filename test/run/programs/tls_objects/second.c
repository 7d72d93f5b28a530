// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls.h"
__thread int second_counter;
int second_bump(void) { return object_counter + ++second_counter; }
