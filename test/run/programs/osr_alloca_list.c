// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A list of allocas made in a hot loop: each round's block is its own until the function returns.
// LEVELS: O0 frontend O2
#include <alloca.h>
#include <stdio.h>
__attribute__((noinline)) static long list(int n) {
  struct node { struct node *next; int value; } *head = 0;
  for (int i = 0; i < n; ++i) {
    struct node *node = alloca(sizeof *node);
    node->next = head;
    node->value = i;
    head = node;
  }
  long sum = 0;
  for (int round = 0; round < 20; ++round)
    for (struct node *node = head; node; node = node->next)
      sum += node->value ^= round;
  return sum;
}
int main(void) {
  printf("%ld\n", list(10000));
  return 0;
}
