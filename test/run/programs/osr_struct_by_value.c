// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Structures by value in functions with loops: in memory, in registers, returned, changed in the loop, passed on from it.
// LEVELS: O0 frontend O2
#include <stdio.h>
struct small { int a; short b; };
struct pair { long a, b; };
struct mixed { double d; long l; };
struct floats { float x, y, z; };
struct large { long v[9]; char tag; };
struct empty {};
union either { unsigned long l; double d; };
__attribute__((noinline)) static long in_memory(struct large in, int n) {
  for (int i = 0; i < n; ++i) { // the callee's own copy changes, the caller's does not
    in.v[i % 9] += in.v[(i + 4) % 9] & 0xff;
    in.tag = (char)(in.tag + 1);
  }
  long sum = in.tag;
  for (int i = 0; i < 9; ++i)
    sum = sum * 3 + in.v[i] % 1000;
  return sum;
}
__attribute__((noinline)) static struct large returned(int n) {
  struct large out = {{0}, 'r'};
  for (int i = 0; i < n; ++i)
    out.v[i % 9] = out.v[(i + 1) % 9] + i % 17;
  return out;
}
__attribute__((noinline)) static struct large both(struct large in, int n, struct small by) {
  struct large out = in;
  for (int i = 0; i < n; ++i) {
    if (out.v[i % 9] % 1000 == 999)
      return in; // from within
    out.v[i % 9] += by.a;
    in.v[(i + 5) % 9] ^= by.b;
  }
  out.v[8] += in.v[8];
  return out;
}
__attribute__((noinline)) static struct pair in_registers(struct pair p, struct mixed m, struct floats f, struct empty e,
                                                          union either u, int n) {
  (void)e;
  for (int i = 0; i < n; ++i) {
    p.a += (long)m.d & 7;
    p.b ^= m.l + i;
    m.d += f.x / 4;
    f = (struct floats){f.y, f.z, f.x};
    u.l = u.l >> 1 | u.l << 63;
  }
  p.a += (long)(u.l % 1000);
  return p;
}
__attribute__((noinline)) static struct mixed step(struct mixed m, struct small s) {
  return (struct mixed){m.d * 0.5 + s.b, m.l + s.a};
}
__attribute__((noinline)) static struct mixed passed_on(int n) {
  struct mixed m = {1, 2};
  struct small s = {3, 4};
  for (int i = 0; i < n; ++i) {
    m = step(m, s);
    s.a = (int)(m.l & 0xff);
    s.b = (short)i;
  }
  return m;
}
// Volatile and address-taken members of a parameter in memory.
__attribute__((noinline)) static long escaping(struct large in, int n, struct large **place) {
  *place = &in;
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    (*place)->v[3] += i;
    sum += in.v[3] % 7;
  }
  return sum;
}
int main(void) {
  struct large l = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, 'l'}, *place;
  printf("%ld\n", in_memory(l, 200000));
  struct large r = returned(200000);
  printf("%ld %ld %c\n", r.v[0], r.v[8], r.tag);
  struct large b = both(l, 200000, (struct small){3, 4});
  printf("%ld %ld %c\n", b.v[0], b.v[8], b.tag);
  b = both(r, 150000, (struct small){1, 2});
  printf("%ld %ld %c\n", b.v[0], b.v[8], b.tag);
  struct pair p = in_registers((struct pair){1, 2}, (struct mixed){3.5, 4}, (struct floats){1, 2, 4}, (struct empty){},
                               (union either){.d = 2.5}, 200000);
  printf("%ld %ld\n", p.a, p.b);
  struct mixed m = passed_on(200000);
  printf("%.9f %ld\n", m.d, m.l);
  printf("%ld\n", escaping(l, 200000, &place));
  printf("%ld %c\n", l.v[0] + l.v[8], l.tag);
  return 0;
}
