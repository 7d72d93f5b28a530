// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linkage.h"
__attribute__((weak)) int weak_here_strong_there(void) { return 3; }
__attribute__((weak)) int strong_here_weak_there(void) { return 30; }
__attribute__((weak)) int weak_everywhere(void) { return 100; }
__attribute__((weak)) int weak_data = 3;
static int same_name(void) { return 3; }
static int same_variable = 3;
int third_same(void) { return same_name() + same_variable; }
int *third_weak_data(void) { return &weak_data; }
__attribute__((constructor)) static void init(void) { note('t'); }
__attribute__((constructor(160))) static void early(void) { note('T'); }
