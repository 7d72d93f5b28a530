// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linkage.h"
int weak_here_strong_there(void) { return 2; }
__attribute__((weak)) int strong_here_weak_there(void) { return 20; }
int weak_data = 2;
__attribute__((common)) int common_data;
static int same_name(void) { return 2; }
static int same_variable = 2;
int second_same(void) { return same_name() + same_variable; }
int *second_weak_data(void) { return &weak_data; }
int *second_common(void) { return &common_data; }
int second_resolved(int x) { return resolved(x); }
int (*second_resolved_address(void))(int) { return resolved; }
int (*second_weak_address(void))(void) { return weak_here_strong_there; }
int hidden_in_second(int x) { return x & 1; }
__attribute__((constructor)) static void init(void) { note('s'); }
__attribute__((constructor(140))) static void early(void) { note('S'); }
