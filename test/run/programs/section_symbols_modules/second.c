// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((used, section("corpus_list"))) static int own[3] = {10, 20, 30};
extern int __start_corpus_list[];
int *second_start(void);
int *second_start(void) { return __start_corpus_list; }
