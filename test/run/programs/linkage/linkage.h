// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int weak_here_strong_there(void);
int strong_here_weak_there(void);
int weak_everywhere(void);
int resolved(int);
extern int weak_data, common_data;
extern char log_text[];
extern int log_length;
static inline void note(char c) { log_text[log_length++] = c; }
int second_same(void), third_same(void), object_same(void);
int *second_weak_data(void), *third_weak_data(void), *object_weak_data(void);
int *second_common(void), *object_common(void);
int second_resolved(int), object_resolved(int);
int (*second_resolved_address(void))(int);
int (*second_weak_address(void))(void);
int (*object_weak_address(void))(void);
__attribute__((visibility("hidden"))) int hidden_in_second(int);
