// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((used, section("corpus_list"))) static int own = 1000;
extern int __stop_corpus_list[];
int *third_stop(void);
int *third_stop(void) { return __stop_corpus_list; }
