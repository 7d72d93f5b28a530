// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Switches: dense, sparse, ranges, 64-bit, strings by hash, nested in loops, Duff's device.
// LEVELS: O0 frontend O2
#include <stdio.h>
static int dense(int x) {
  switch (x) {
  case 0: return 5; case 1: return 3; case 2: return 8; case 3: return 1; case 4: return 9; case 5: return 2;
  case 6: return 7; case 7: return 7; case 8: return 0; case 9: return 4; case 10: return 11; case 11: return 13;
  default: return -1;
  }
}
static int sparse(long x) {
  switch (x) {
  case -5000000000: return 1; case -7: return 2; case 0: return 3; case 1000: return 4; case 123456: return 5;
  case 0x7fffffffffffffff: return 6; case 5000000000: return 7;
  case 20 ... 40: return 8; case 41 ... 1 << 9: return 9;
  default: return 10;
  }
}
static int machine(const char *text) {
  enum { start, word, number, other } state = start;
  int tokens = 0;
  for (; *text; ++text)
    switch (state) {
    case start:
    case other:
      switch (*text) {
      case 'a' ... 'z': state = word; ++tokens; break;
      case '0' ... '9': state = number; ++tokens; break;
      case ' ': break;
      default: state = other; tokens += 100;
      }
      break;
    case word: state = *text >= 'a' && *text <= 'z' ? word : start; break;
    case number: state = *text >= '0' && *text <= '9' ? number : start; break;
    }
  return tokens;
}
static void duff(char *to, const char *from, int count) {
  int n = (count + 7) / 8;
  switch (count % 8) {
  case 0: do { *to++ = *from++; __attribute__((fallthrough));
  case 7: *to++ = *from++; __attribute__((fallthrough));
  case 6: *to++ = *from++; __attribute__((fallthrough));
  case 5: *to++ = *from++; __attribute__((fallthrough));
  case 4: *to++ = *from++; __attribute__((fallthrough));
  case 3: *to++ = *from++; __attribute__((fallthrough));
  case 2: *to++ = *from++; __attribute__((fallthrough));
  case 1: *to++ = *from++;
    } while (--n > 0);
  }
}
static const char *name(unsigned char c) {
  switch (c % 5) { case 0: return "zero"; case 1: return "one"; case 2: return "two"; case 3: return "three"; }
  return "four";
}
int main(void) {
  static const long probes[] = {-5000000000, -7, 0, 1000, 123456, 0x7fffffffffffffff, 5000000000, 19, 20, 40, 41, 512, 513};
  long sum = 0;
  char copy[32] = {0};
  for (int i = 0; i < 20000; ++i) {
    sum += dense(i % 14 - 1) + sparse(probes[i % 13]) * 3 + name((unsigned char)i)[1];
    if (i % 20 == 0) {
      sum += machine("abc 12 x9 ?? 77abc");
      duff(copy, "a text of thirty characters...", i % 29 + 1);
    }
  }
  printf("%ld %s\n", sum, copy);
  return 0;
}
