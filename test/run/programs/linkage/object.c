// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Always a natively compiled object.
#include "linkage.h"
char log_text[64]; // here, where no optimiser can run the constructors ahead of time
int log_length;
__attribute__((weak)) int strong_here_weak_there(void) { return 40; }
__attribute__((weak)) int weak_data = 4;
__attribute__((common)) int common_data;
static int same_name(void) { return 4; }
static int same_variable = 4;
int object_same(void) { return same_name() + same_variable; }
int *object_weak_data(void) { return &weak_data; }
int *object_common(void) { return &common_data; }
int object_resolved(int x) { return resolved(x); }
int (*object_weak_address(void))(void) { return weak_here_strong_there; }
__attribute__((constructor)) static void init(void) { note('o'); }
