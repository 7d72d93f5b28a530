// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdio.h>
int unused_loaded;
int not_defined_anywhere(void);
int unused(void) { return not_defined_anywhere(); }
__attribute__((constructor)) static void init(void) { puts("must not be loaded"); }
