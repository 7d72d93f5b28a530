// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merge sort of a linked list whose nodes lie scattered: pointer chasing and branches nobody can predict.

#include "kernel.h"

enum { Nodes = 10000 };

typedef struct Node {
  struct Node* next;
  unsigned key;
} Node;

static Node nodes[Nodes];

static Node* merge(Node* a, Node* b) {
  Node head, *last = &head;
  while (a && b) {
    Node** smaller = a->key <= b->key ? &a : &b;
    last->next = *smaller;
    last = *smaller;
    *smaller = last->next;
  }
  last->next = a ? a : b;
  return head.next;
}

static Node* sort(Node* list) {
  if (!list || !list->next)
    return list;
  Node* middle = list;
  for (Node* fast = list->next; fast && fast->next; fast = fast->next->next)
    middle = middle->next;
  Node* second = middle->next;
  middle->next = NULL;
  return merge(sort(list), sort(second));
}

int main(int argc, char** argv) {
  unsigned state = 1;
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    Node* list = NULL;
    for (unsigned i = 0; i < Nodes; ++i) {
      Node* node = &nodes[i * 7919u % Nodes];
      node->key = kernel_random(&state);
      node->next = list;
      list = node;
    }
    unsigned long long sum = 0;
    for (Node* node = sort(list); node; node = node->next)
      sum = sum * 3 + node->key;
    kernel_tick(sum);
  }
}
