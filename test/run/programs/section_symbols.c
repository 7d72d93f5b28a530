// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The linker's __start_ and __stop_ symbols of a section, with entries of several types of definition; llvm.used.
#include <stdio.h>
struct entry { const char *name; int (*run)(int); };
#define ENTRY(n)                                                                                                       \
  static int run_##n(int x) { return x * n; }                                                                          \
  static const struct entry entry_##n __attribute__((used, section("corpus_entries"))) = {#n, run_##n};
ENTRY(1) ENTRY(2) ENTRY(3) ENTRY(4) ENTRY(5)
extern const struct entry __start_corpus_entries[], __stop_corpus_entries[];
__attribute__((section("corpus_values"))) int values[3] = {10, 20, 30};
extern int __start_corpus_values[], __stop_corpus_values[];
extern char __start_corpus_missing[] __attribute__((weak)), __stop_corpus_missing[] __attribute__((weak));
int main(void) {
  long sum = 0;
  int count = (int)(__stop_corpus_entries - __start_corpus_entries);
  for (int i = 0; i < 20000; ++i)
    sum += __start_corpus_entries[i % count].run(i);
  printf("%d %ld\n", count, sum);
  for (const struct entry *e = __start_corpus_entries; e != __stop_corpus_entries; ++e)
    printf("%s ", e->name);
  int *volatile start = __start_corpus_values; // an optimiser takes two symbols for two objects
  start[1] = 21;
  printf("\n%d %d %d\n", (int)(__stop_corpus_values - __start_corpus_values), *(volatile int *)&values[1], __start_corpus_missing == __stop_corpus_missing);
  return 0;
}
