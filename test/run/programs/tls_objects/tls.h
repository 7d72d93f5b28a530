// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct aligned {
  _Alignas(64) char text[64];
};
extern __thread int object_counter, second_counter, program_own;
extern __thread struct aligned object_aligned;
extern __thread int *object_pointer;
int bump(void);
int *counter_address(void);
int use_program(void);
int second_bump(void);
int archived_bump(void);
