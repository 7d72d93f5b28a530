// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Structures of all sizes from 1 to 40 bytes by value: as arguments, results and through pointers to functions.
// LEVELS: O0 O2
#include <stdio.h>
#include <string.h>
#define SIZE(n)                                                                                                        \
  struct s##n { unsigned char b[n]; };                                                                                 \
  __attribute__((noinline)) static struct s##n turn##n(int k, struct s##n a, struct s##n b) {                          \
    for (int i = 0; i < n; ++i)                                                                                        \
      a.b[i] = (unsigned char)(a.b[i] + b.b[n - 1 - i] + k);                                                           \
    return a;                                                                                                          \
  }                                                                                                                    \
  static struct s##n (*volatile pointer##n)(int, struct s##n, struct s##n) = turn##n;                                  \
  static unsigned run##n(void) {                                                                                       \
    struct s##n x, y;                                                                                                  \
    memset(&x, n, sizeof x);                                                                                           \
    memset(&y, 3, sizeof y);                                                                                           \
    for (int i = 0; i < 300; ++i) {                                                                                    \
      y = turn##n(i, x, y);                                                                                            \
      x = pointer##n(1, y, x);                                                                                         \
    }                                                                                                                  \
    unsigned hash = 0;                                                                                                 \
    for (int i = 0; i < n; ++i)                                                                                        \
      hash = hash * 31 + x.b[i];                                                                                       \
    return hash;                                                                                                       \
  }
SIZE(1) SIZE(2) SIZE(3) SIZE(4) SIZE(5) SIZE(6) SIZE(7) SIZE(8) SIZE(9) SIZE(10)
SIZE(11) SIZE(12) SIZE(13) SIZE(14) SIZE(15) SIZE(16) SIZE(17) SIZE(18) SIZE(19) SIZE(20)
SIZE(21) SIZE(22) SIZE(23) SIZE(24) SIZE(25) SIZE(26) SIZE(27) SIZE(28) SIZE(29) SIZE(30)
SIZE(31) SIZE(32) SIZE(33) SIZE(34) SIZE(35) SIZE(36) SIZE(37) SIZE(38) SIZE(39) SIZE(40)
#define MIX(name, members, ...)                                                                                        \
  struct name { members };                                                                                             \
  __attribute__((noinline)) static struct name pass_##name(struct name a, int i, struct name b, double d) {            \
    return i + (int)d > 0 ? a : b;                                                                                     \
  }                                                                                                                    \
  static int run_##name(void) {                                                                                        \
    struct name a = {__VA_ARGS__}, b;                                                                                  \
    memset(&b, 0, sizeof b);                                                                                           \
    struct name first = pass_##name(a, 1, b, 1.0), second = pass_##name(a, -9, b, 1.0);                                \
    return (memcmp(&first, &a, sizeof a) == 0) + 2 * (memcmp(&second, &b, sizeof b) == 0);                             \
  }
MIX(float_int, float f; int i;, 1.5f, 2)
MIX(double_long, double d; long l;, 2.5, 3)
MIX(long_double_, long l; double d;, 4, 3.5)
MIX(two_doubles, double a; double b;, 1.25, 2.5)
MIX(three_floats, float a; float b; float c;, 1, 2, 3)
MIX(four_floats, float a; float b; float c; float d;, 1, 2, 3, 4)
MIX(five_floats, float a[5];, {1, 2, 3, 4, 5})
MIX(char_double, char c; double d;, 'c', 5.5)
MIX(pointer_float, void *p; float f[2];, (void *)8, {1, 2})
MIX(nested, struct { short a; } s; struct { float f; } t; double d;, {1}, {2}, 3)
MIX(packed_, int i; char c;, 7, 'x')
int main(void) {
#define P(n) printf("%d:%08x ", n, run##n());
  P(1) P(2) P(3) P(4) P(5) P(6) P(7) P(8) P(9) P(10)
  P(11) P(12) P(13) P(14) P(15) P(16) P(17) P(18) P(19) P(20)
  P(21) P(22) P(23) P(24) P(25) P(26) P(27) P(28) P(29) P(30)
  P(31) P(32) P(33) P(34) P(35) P(36) P(37) P(38) P(39) P(40)
  printf("\n%d%d%d%d%d%d%d%d%d\n", run_float_int(), run_double_long(), run_long_double_(), run_two_doubles(), run_three_floats(),
         run_four_floats(), run_five_floats(), run_pointer_float(), run_nested() != 0);
  struct char_double c = pass_char_double((struct char_double){'c', 5.5}, 1, (struct char_double){'d', 6.5}, 0);
  struct packed_ p = pass_packed_((struct packed_){7, 'x'}, -1, (struct packed_){8, 'y'}, 0);
  printf("%c %g %d %c\n", c.c, c.d, p.i, p.c);
  return 0;
}
