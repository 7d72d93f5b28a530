// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Static data with pointers to functions, to each other in cycles, into the middle of arrays, to members and to strings.
// LEVELS: O0 O2
#include <cstddef>
#include <cstdio>
#include <cstring>
struct Node {
  const char *name;
  int (*run)(int);
  const Node *next;
  int *cell;
  unsigned char padding[3];
  double weight;
};
static int cells[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static int add(int x) { return x + 1; }
static int negate(int x) { return -x; }
extern const Node first, second;
const Node first = {"first", add, &second, &cells[3], {1, 2, 3}, 0.5};
const Node second = {&"the second"[4], negate, &first, cells + 9, {4, 5, 6}, -2.25};
struct Link {
  Link *self, *other;
} a = {&a, nullptr}, b = {&b, &a};
static const ptrdiff_t distance = reinterpret_cast<const char *>(&first.weight) - reinterpret_cast<const char *>(&first);
static int *const *const chain[] = {&first.cell, &second.cell};
static struct {
  union { int i; float f; } u;
  char text[6];
  const void *end;
  _Complex float c;
  bool flags[3];
} aggregate = {{.i = 0x3fc00000}, "hello", &cells[10], 1.0f, {true, false, true}};
struct Object {
  constexpr explicit Object(int b) : base(b) {}
  int base;
  int method(int x) { return base + x; }
  virtual int virtual_method(int x) { return base * x; }
};
static int (Object::*const methods[])(int) = {&Object::method, &Object::virtual_method};
static constinit Object object{7};
int main() {
  a.other = &b;
  long sum = 0;
  const Node *node = &first;
  for (int i = 0; i < 20000; ++i) {
    sum += node->run(i) + **chain[i & 1] + (object.*methods[i & 1])(2) + node->name[0] + node->padding[1];
    node = node->next;
  }
  std::printf("%ld %s %g %d %td\n", sum, second.name, second.weight, a.other->other == b.other->self, distance);
  std::printf("%g %s %d %d%d%d\n", static_cast<double>(aggregate.u.f), aggregate.text, aggregate.end == cells + 10, aggregate.flags[0],
              aggregate.flags[1], aggregate.flags[2]);
}
