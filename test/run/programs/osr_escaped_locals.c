// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Locals whose addresses went to a global, a callee, another local and a thread before the loop, and change there while it runs.
// LEVELS: O0 frontend O2
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
static int *global_place;
static struct node { struct node *next; int value; } *list;
__attribute__((noinline)) static void poke(int by) { *global_place += by; }
__attribute__((noinline)) static void through(int **place, int by) { **place ^= by; }
__attribute__((noinline)) static long to_global(int n) {
  int local = 1;
  long sum = 0;
  global_place = &local;
  for (int i = 0; i < n; ++i) {
    poke(i);
    sum += local;
    local &= 0xffff;
  }
  return sum + *global_place;
}
__attribute__((noinline)) static long to_local(int n) {
  int a = 1, b = 2;
  int *to_a = &a, *to_b = &b, **current = &to_a;
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    through(current, i & 0xff);
    sum += a * 3 + b;
    current = i % 3 ? &to_a : &to_b;
    if (i % 1000 == 0) { // now they are exchanged
      int *other = to_a;
      to_a = to_b;
      to_b = other;
    }
  }
  return sum + (to_a == &a) * 1000000 + (current == &to_a);
}
// A list through the frames of a recursion; each frame has a loop that walks all of it.
__attribute__((noinline)) static long chain(int depth) {
  struct node here = {list, depth};
  long sum = 0;
  list = &here;
  if (depth > 0)
    sum = chain(depth - 1);
  for (int i = 0; i < 300; ++i)
    for (struct node *n = list; n; n = n->next)
      sum += n->value += i & 1;
  list = here.next;
  return sum + here.value;
}
struct shared { _Atomic int request, answer; int plain; };
static void *serve(void *argument) {
  struct shared *shared = argument;
  for (int expected = 1; expected <= 100; ++expected) {
    while (atomic_load_explicit(&shared->request, memory_order_acquire) != expected)
      sched_yield();
    shared->plain = shared->plain * 3 + expected;
    atomic_store_explicit(&shared->answer, expected, memory_order_release);
  }
  return 0;
}
__attribute__((noinline)) static long to_thread(void) {
  struct shared shared = {0, 0, 1};
  pthread_t thread;
  pthread_create(&thread, 0, serve, &shared);
  unsigned long sum = 0;
  for (int i = 1; i <= 100; ++i) {
    atomic_store_explicit(&shared.request, i, memory_order_release);
    for (int k = 0; k < 2000; ++k)
      sum = sum * 5 + (unsigned long)k;
    while (atomic_load_explicit(&shared.answer, memory_order_acquire) != i)
      sched_yield();
    shared.plain &= 0xffffff;
    sum += (unsigned long)shared.plain;
  }
  pthread_join(thread, 0);
  return (long)(sum >> 1);
}
// The same variable by two names that the compiler may not take for different ones.
__attribute__((noinline)) static int aliased(int *p, int n) {
  int own = 5, *q = n > 0 ? &own : p;
  for (int i = 0; i < n; ++i) {
    *q += *p;
    own ^= i;
    p = i & 1 ? q : p;
  }
  return own;
}
int main(void) {
  printf("%ld\n", to_global(300000));
  printf("%ld\n", to_local(300000));
  printf("%ld\n", chain(40));
  printf("%ld\n", to_thread());
  int start = 0;
  printf("%d\n", aliased(&start, 1) + aliased(&start, 30));
  unsigned char bytes[16] = {0}, *p = bytes;
  for (int i = 0; i < 300000; ++i, p = p == bytes + 15 ? bytes : p + 1)
    *p += (unsigned char)(bytes[(i * 7) & 15] + 1);
  for (int i = 0; i < 16; ++i)
    printf("%d ", bytes[i]);
  puts("");
  return 0;
}
