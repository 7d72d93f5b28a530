// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variable-length arrays, alloca in loops, and pointers to VLA types.
// LEVELS: O0 frontend O2
#include <alloca.h>
#include <stdio.h>
#include <string.h>
static long vla(int n) {
  int values[n];
  long sum = 0;
  for (int i = 0; i < n; ++i)
    values[i] = i * i;
  for (int i = 0; i < n; ++i)
    sum += values[n - 1 - i] * (i + 1);
  return sum + (long)sizeof values;
}
static long matrix(int rows, int columns, int (*m)[columns]) {
  long trace = 0;
  for (int i = 0; i < rows && i < columns; ++i)
    trace += m[i][i];
  return trace;
}
static long chain(int n) {
  struct node { struct node *next; int value; } *head = NULL;
  for (int i = 0; i < n; ++i) {
    struct node *node = alloca(sizeof *node);
    *node = (struct node){head, i};
    head = node;
  }
  long sum = 0;
  for (; head; head = head->next)
    sum = sum * 3 % 10007 + head->value;
  return sum;
}
static long nested(int n) {
  if (n == 0)
    return 0;
  char text[n + 1];
  memset(text, 'a' + n % 26, (size_t)n);
  text[n] = 0;
  return (long)strlen(text) + text[n / 2] + nested(n - 1);
}
int main(void) {
  long sum = 0;
  for (int i = 1; i < 2000; ++i) {
    sum += vla(i % 100 + 1) + chain(i % 50);
    int m[i % 7 + 1][i % 5 + 2];
    memset(m, i, sizeof m);
    sum += matrix(i % 7 + 1, i % 5 + 2, m) % 1000;
  }
  printf("%ld %ld %ld\n", sum, nested(200), chain(20000));
  return 0;
}
