// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
_Thread_local int shared_counter = 5;
_Thread_local int *shared_pointer;
int other_bump(void) { return ++shared_counter; }
int *other_address(void) { return &shared_counter; }
