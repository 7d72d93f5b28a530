// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// va_list walked in loops: started before the loop, copied and ended in it, passed on, of every class of argument.
// LEVELS: O0 frontend O2
#include <stdarg.h>
#include <stdio.h>
struct pair { long a, b; };
struct large { int v[8]; };
__attribute__((noinline)) static long sum_ints(int n, ...) {
  va_list list;
  va_start(list, n);
  long sum = 0;
  for (int i = 0; i < n; ++i)
    sum = sum * 3 + va_arg(list, int);
  va_end(list);
  return sum;
}
// The arguments are walked over and over, each time through a copy.
__attribute__((noinline)) static double copies(int rounds, const char *kinds, ...) {
  va_list list;
  va_start(list, kinds);
  double sum = 0;
  for (int r = 0; r < rounds; ++r) {
    va_list copy;
    va_copy(copy, list);
    for (const char *k = kinds; *k; ++k)
      switch (*k) {
      case 'i': sum += va_arg(copy, int); break;
      case 'l': sum += (double)va_arg(copy, long); break;
      case 'd': sum += va_arg(copy, double); break;
      case 'L': sum += (double)va_arg(copy, long double); break;
      case 's': sum += va_arg(copy, const char *)[r % 3]; break;
      case 'p': { struct pair p = va_arg(copy, struct pair); sum += (double)(p.a - p.b); break; }
      case 'V': { struct large l = va_arg(copy, struct large); sum += l.v[r % 8]; break; }
      case 'q': sum += (double)(va_arg(copy, __int128) >> 64); break;
      }
    va_end(copy);
    if (sum > 1e6)
      sum /= 3;
  }
  va_end(list);
  return sum;
}
__attribute__((noinline)) static int passed_on(va_list list, int n) {
  int sum = 0;
  while (n-- > 0)
    sum = sum * 5 + va_arg(list, int);
  return sum;
}
__attribute__((noinline)) static long restarted(int rounds, int n, ...) {
  long sum = 0;
  for (int r = 0; r < rounds; ++r) {
    va_list list; // begins anew in each round
    va_start(list, n);
    int first = va_arg(list, int);
    sum = (sum * 7 + first + passed_on(list, n - 1)) % 1000003;
    va_end(list);
  }
  return sum;
}
// The loop takes an argument only now and then: the list's state has to survive everything between.
__attribute__((noinline)) static long seldom(int rounds, ...) {
  va_list list;
  va_start(list, rounds);
  long sum = 0;
  for (int r = 0; r < rounds; ++r) {
    if (r % (rounds / 12) == 0)
      sum += r / (rounds / 12) % 2 ? (long)va_arg(list, double) : va_arg(list, int);
    sum = (sum * 3 + r) % 1000003;
  }
  va_end(list);
  return sum;
}
__attribute__((noinline)) static int text(char *to, unsigned size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = 0;
  for (int i = 0; i < 2000; ++i) {
    va_list copy;
    va_copy(copy, list);
    length += vsnprintf(to, size, format, copy);
    va_end(copy);
  }
  va_end(list);
  return length;
}
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum = (sum + sum_ints(9, i, 2, 3, 4, 5, 6, 7, 8, i)) % 1000003;
  printf("%ld\n", sum);
  printf("%.6f\n", copies(20000, "ildLspVqidd", 1, 2L, 3.5, 4.25L, "abc", (struct pair){5, 6},
                          (struct large){{1, 2, 3, 4, 5, 6, 7, 8}}, (__int128)9 << 64, 10, 11.5, 12.75));
  printf("%ld\n", restarted(30000, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  printf("%ld\n", seldom(300000, 1, 2.0, 3, 4.0, 5, 6.0, 7, 8.0, 9, 10.0, 11, 12.0));
  char buffer[100];
  printf("%d %s\n", text(buffer, sizeof buffer, "%d %s %.3f %c", 42, "text", 2.5, 'x'), buffer);
  return 0;
}
