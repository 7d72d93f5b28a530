// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bit-fields: signed, unsigned, across units, packed, volatile, in unions and by value.
// LEVELS: O0 O2
#include <stdio.h>
#include <string.h>
struct fields { unsigned a : 3; int b : 5; unsigned long c : 40; _Bool d : 1; int : 0; unsigned short e : 9; signed char f : 4; };
struct __attribute__((packed)) tight { unsigned a : 7; unsigned long b : 50; unsigned c : 7; short d; };
union both { struct { unsigned low : 12, high : 20; } part; unsigned whole; };
static volatile struct fields shared;
static struct fields step(struct fields f, int i) {
  f.a += 3;
  f.b -= i & 15;
  f.c = f.c * 3 + (unsigned long)i;
  f.d ^= 1;
  f.e += (unsigned short)(f.a * f.d);
  f.f += 1;
  return f;
}
int main(void) {
  struct fields f = {0};
  struct tight t;
  union both u = {.whole = 0x12345678};
  memset(&t, 0, sizeof t);
  long sum = 0;
  for (int i = 0; i < 20000; ++i) {
    f = step(f, i);
    t.a += 5;
    t.b += f.c;
    t.c ^= t.a;
    t.d = (short)(t.d + t.c);
    u.part.high += u.part.low++;
    shared.e = (unsigned short)(shared.e + f.e);
    shared.b = f.b;
    sum += f.b + f.f + t.d + shared.b;
  }
  printf("%u %d %lu %d %u %d\n", f.a, f.b, (unsigned long)f.c, f.d, f.e, f.f);
  printf("%u %lu %u %d %zu %08x %u %ld\n", t.a, (unsigned long)t.b, t.c, t.d, sizeof t, u.whole, shared.e, sum);
  return 0;
}
