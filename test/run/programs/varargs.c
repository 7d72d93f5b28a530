// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variable arguments: every class of type, more than fit into registers, va_copy, passed on to vsnprintf.
// LEVELS: O0 frontend O2
#include <stdarg.h>
#include <stdio.h>
struct small { int a, b; };
struct mixed { double d; long l; };
struct large { long v[5]; };
struct floats { float x, y, z; };
static double sum(const char *types, ...) {
  va_list list, copy;
  va_start(list, types);
  va_copy(copy, list);
  double total = 0;
  for (int pass = 0; pass < 2; ++pass) {
    va_list *from = pass ? &copy : &list;
    for (const char *t = types; *t; ++t)
      switch (*t) {
      case 'i': total += va_arg(*from, int); break;
      case 'l': total += (double)va_arg(*from, long); break;
      case 'd': total += va_arg(*from, double); break;
      case 'L': total += (double)va_arg(*from, long double); break;
      case 's': total += va_arg(*from, struct small).b; break;
      case 'm': { struct mixed m = va_arg(*from, struct mixed); total += m.d + (double)m.l; break; }
      case 'g': total += (double)va_arg(*from, struct large).v[4]; break;
      case 'f': { struct floats f = va_arg(*from, struct floats); total += f.x + f.y + f.z; break; }
      case 'q': total += (double)va_arg(*from, __int128); break;
      case 'p': total += *va_arg(*from, int *); break;
      }
  }
  va_end(copy);
  va_end(list);
  return total;
}
static int format(char *buffer, size_t size, const char *text, ...) {
  va_list list;
  va_start(list, text);
  int length = vsnprintf(buffer, size, text, list);
  va_end(list);
  return length;
}
int main(void) {
  int pointed = 1000;
  printf("%.3f\n", sum("iiiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  printf("%.3f\n", sum("dddddddddd", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.5));
  printf("%.3f\n", sum("idLsmgfqpl", 1, 2.5, 3.25L, (struct small){4, 5}, (struct mixed){6.5, 7},
                       (struct large){{8, 9, 10, 11, 12}}, (struct floats){1, 2, 3}, (__int128)14, &pointed, 16L));
  printf("%.3f\n", sum("mmmmfffssgL", (struct mixed){1, 2}, (struct mixed){3, 4}, (struct mixed){5, 6}, (struct mixed){7, 8},
                       (struct floats){1, 2, 3}, (struct floats){4, 5, 6}, (struct floats){7, 8, 9}, (struct small){1, 2},
                       (struct small){3, 4}, (struct large){{0, 0, 0, 0, 5}}, 0.125L));
  double total = 0;
  char buffer[100];
  long length = 0;
  for (int i = 0; i < 10000; ++i) {
    total += sum("ildi", i, (long)i * 2, i * 0.5, -i);
    length += format(buffer, sizeof buffer, "%d %s %.2f %Lg %c %zu", i, "text", i / 3.0, (long double)i, 'c', sizeof i);
  }
  printf("%.3f %ld %s\n", total, length, buffer);
  return 0;
}
