// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
extern int host_calls;
extern int host_table[4];
extern const char *const host_names[3];
extern const char host_static[4];
extern __thread int host_thread;
int host_service(int x);
int host_weak(int x);
extern int (*const host_pointer)(int);
