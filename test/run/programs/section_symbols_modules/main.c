// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One section filled by several modules: the __start_ and __stop_ symbols span all of it.
// LINK: bc:second.c bc:third.c
#include <stdio.h>
__attribute__((used, section("corpus_list"))) static int mine[2] = {1, 2};
extern int __start_corpus_list[], __stop_corpus_list[];
int *second_start(void), *third_stop(void);
int main(void) {
  int sum = 0;
  for (int *p = __start_corpus_list; p != __stop_corpus_list; ++p)
    sum += *p;
  printf("%d %d\n", (int)(__stop_corpus_list - __start_corpus_list), sum);
  printf("%d %d\n", second_start() == __start_corpus_list, third_stop() == __stop_corpus_list);
  mine[0] = 100;
  sum = 0;
  int *volatile start = __start_corpus_list; // an optimiser takes two symbols for two objects
  for (int *p = start; p != __stop_corpus_list; ++p)
    sum += *p;
  printf("%d\n", sum);
  return 0;
}
