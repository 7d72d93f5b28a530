// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tour of the C library: sorting, searching, strings, regular expressions, trees, memory streams, allocation.
#define _GNU_SOURCE
#include <regex.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
static int visited, compared;
static int by_value(const void *a, const void *b) {
  ++compared;
  return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}
static int by_context(const void *a, const void *b, void *context) { return *(int *)context * by_value(a, b); }
static void visit(const void *node, VISIT which, int depth) {
  (void)node, (void)depth;
  visited += which == postorder || which == leaf;
}
static void forget(void *node) { visited += *(int *)node & 1; }
int main(void) {
  static int values[3000];
  for (int i = 0; i < 3000; ++i)
    values[i] = i * 7919 % 3001;
  qsort(values, 3000, sizeof values[0], by_value);
  int key = values[1234], *found = bsearch(&key, values, 3000, sizeof values[0], by_value), minus = -1;
  qsort_r(values, 3000, sizeof values[0], by_context, &minus);
  printf("%d %d %d %d\n", *found == key, values[0], values[2999], compared > 20000);
  void *root = NULL;
  for (int i = 0; i < 100; ++i)
    tsearch(&values[i * 3 % 100], &root, by_value);
  twalk(root, visit);
  tdestroy(root, forget);
  printf("%d\n", visited);
  char text[] = "one,two;;three", *state, *token = strtok_r(text, ",;", &state);
  for (; token; token = strtok_r(NULL, ",;", &state))
    printf("%s ", token);
  regex_t expression;
  regmatch_t match[2];
  regcomp(&expression, "b(a+)c", REG_EXTENDED);
  printf("%d ", regexec(&expression, "xxbaaac", 2, match, 0));
  printf("%d-%d\n", (int)match[1].rm_so, (int)match[1].rm_eo);
  regfree(&expression);
  char *memory;
  size_t size;
  FILE *stream = open_memstream(&memory, &size);
  for (int i = 0; i < 1000; ++i)
    fprintf(stream, "%d,", i);
  fclose(stream);
  printf("%zu %s\n", size, strrchr(memory, '9'));
  free(memory);
  char *pages = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(pages, "\xb8\x2a\x00\x00\x00\xc3", 6); // mov eax, 42; ret: code that the program itself makes
  mprotect(pages, 1 << 16, PROT_READ | PROT_EXEC);
  printf("%d\n", ((int (*)(void))(void *)pages)());
  return munmap(pages, 1 << 16);
}
