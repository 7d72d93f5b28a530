// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bool, char, short, bit-field and enum values across loop headers: they wrap, extend and compare as before.
// LEVELS: O0 frontend O2
#include <stdbool.h>
#include <stdio.h>
struct fields { unsigned a : 3; int b : 5; unsigned long c : 40; bool d : 1; };
enum colour { red, green, blue };
__attribute__((noinline)) static signed char chars(signed char x, unsigned char y, int n) {
  for (int i = 0; i < n; ++i) {
    x = (signed char)(x + y);
    y = (unsigned char)(y * 3 + (x < 0));
  }
  return (signed char)(x ^ y);
}
__attribute__((noinline)) static unsigned short shorts(short x, unsigned short y, int n) {
  long carry = 0;
  for (int i = 0; i < n; ++i) {
    x = (short)(x * 7 + i);
    y = (unsigned short)(y - x);
    carry += x > (int)y;
  }
  return (unsigned short)(x + y + carry);
}
__attribute__((noinline)) static bool bools(bool a, bool b, int n) {
  int ones = 0;
  for (int i = 0; i < n; ++i) {
    bool c = a != b;
    a = b && !(i % 5 == 0);
    b = c || i % 7 == 0;
    ones += a + 2 * b + 4 * c;
  }
  return ones % 2 == 1;
}
__attribute__((noinline)) static long fields(int n) {
  struct fields f = {1, -2, 3, true};
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    f.a += 3;
    f.b = (f.b + 5) & 15;
    f.c = f.c * 5 + f.a;
    f.d = !f.d;
    sum += f.b + f.d;
  }
  return sum + (long)f.c + f.a;
}
__attribute__((noinline)) static enum colour colours(enum colour c, int n, long counts[3]) {
  for (int i = 0; i < n; ++i) {
    ++counts[c];
    c = c == blue ? red : i % 3 ? (enum colour)(c + 1) : c;
  }
  return c;
}
__attribute__((noinline)) static int small_counter(void) {
  int rounds = 0;
  for (unsigned char c = 1; c != 0; c = (unsigned char)(c + 2)) // never zero: ended by the other counter
    for (signed char s = -128; s < 127; ++s)
      if (++rounds == 300001)
        return c * 1000 + s;
  return -1;
}
int main(void) {
  printf("%d %u\n", chars(-100, 200, 300000), shorts(-30000, 60000, 300000));
  printf("%d %d %ld\n", bools(true, false, 300000), bools(false, false, 300001), fields(300000));
  long counts[3] = {0};
  enum colour c = colours(green, 300000, counts);
  printf("%d %ld %ld %ld\n", c, counts[0], counts[1], counts[2]);
  printf("%d\n", small_counter());
  return 0;
}
