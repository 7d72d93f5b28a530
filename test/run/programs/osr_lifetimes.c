// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Locals of inner scopes whose addresses are taken: made and ended in each round, around a loop, between two loops.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <string.h>
struct record { int id; char name[24]; struct record *other; };
__attribute__((noinline)) static void fill(struct record *r, int id) {
  r->id = id;
  r->other = 0;
  memset(r->name, 'a' + id % 26, sizeof r->name);
}
__attribute__((noinline)) static int read(const struct record *r) {
  return r->id + r->name[r->id & 15] + (r->other ? r->other->id : 0);
}
__attribute__((noinline)) static long each_round(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    struct record a;
    fill(&a, i);
    {
      struct record b;
      fill(&b, i + 1);
      b.other = &a;
      sum += read(&b);
    }
    if (i % 3 == 0)
      continue; // ends a's life on another way
    struct record c;
    fill(&c, i * 2);
    c.other = &a;
    sum ^= read(&c);
    if (i % 99991 == 99990)
      break;
  }
  return sum;
}
// Alive from before the loop until after it; another one in its place afterwards.
__attribute__((noinline)) static long around(int n) {
  long sum = 0;
  {
    struct record a, b;
    fill(&a, 1);
    fill(&b, 2);
    a.other = &b;
    for (int i = 0; i < n; ++i) {
      sum += read(&a);
      b.id += i & 3;
      if (i % 1000 == 0)
        fill(&b, i);
    }
  }
  {
    struct record c[3];
    for (int i = 0; i < 3; ++i)
      fill(&c[i], (int)(sum % 1000) + i);
    for (int i = 0; i < n; ++i) {
      c[i % 3].other = &c[(i + 1) % 3];
      sum += read(&c[i % 3]);
      c[(i + 2) % 3].id ^= i & 7;
    }
  }
  return sum;
}
// Compound literals live until the end of their block.
__attribute__((noinline)) static long literals(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    const int *p = i & 1 ? (int[]){i, i + 1, i + 2} : (int[]){i * 2, 3, 4};
    for (int k = 0; k < 3; ++k)
      sum += p[k] ^ k;
    struct record *r = &(struct record){.id = i, .name = "literal"};
    sum += read(r);
  }
  return sum;
}
// What is left of the last round is read in the next one.
__attribute__((noinline)) static int carried(int n) {
  struct record slots[2], *last = 0;
  int sum = 0;
  for (int i = 0; i < n; ++i) {
    fill(&slots[i & 1], i);
    slots[i & 1].other = last;
    sum = (sum + read(&slots[i & 1])) % 1000003;
    last = &slots[i & 1];
  }
  return sum;
}
int main(void) {
  printf("%ld\n", each_round(50000));
  printf("%ld\n", around(150000));
  printf("%ld\n", literals(100000));
  printf("%d\n", carried(50000));
  return 0;
}
