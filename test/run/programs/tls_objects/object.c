// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls.h"
static int target = 17;
__thread int object_counter = 5;
static __thread int own;
__thread struct aligned object_aligned = {"aligned"};
__thread int *object_pointer = &target;
int bump(void) { return ++object_counter + ++own + second_counter; }
int *counter_address(void) { return &object_counter; }
int use_program(void) { return ++program_own; }
