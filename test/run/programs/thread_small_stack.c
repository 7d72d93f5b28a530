// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions first called on threads with the smallest stacks there are: 16 to 64 KiB.
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x < n ? x : x * (2u * n + 1u) + (x >> 5); }
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
static unsigned (*const table[])(unsigned) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11};
static unsigned descend(unsigned n, unsigned x) { return n ? descend(n - 1, table[n % 12](x)) + 1 : x; }
static unsigned floating(double d) { return (unsigned)(d * 1.5 + 0.25); }
static void *body(void *argument) {
  size_t self = (size_t)argument;
  unsigned x = (unsigned)self;
  for (int round = 0; round < 500; ++round)
    for (size_t i = 0; i < 4; ++i)
      x = table[(self * 4 + i) % 12](x); // four that no other thread has called
  x += descend(60, x) + floating(self);
  return (void *)(size_t)x;
}
int main(void) {
  static const size_t sizes[] = {16384, 32768, 65536};
  for (size_t i = 0; i < 3; ++i) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (sizes[i] < (size_t)PTHREAD_STACK_MIN || pthread_attr_setstacksize(&attributes, sizes[i]))
      return 1;
    pthread_t thread;
    if (pthread_create(&thread, &attributes, body, (void *)i))
      return 2;
    void *result;
    pthread_join(thread, &result);
    printf("%zu: %08x\n", sizes[i], (unsigned)(size_t)result);
  }
  return 0;
}
