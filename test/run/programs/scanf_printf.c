// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// printf and scanf of floating-point numbers and everything else; strtod, %n$, %a, widths from arguments.
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  double d;
  float f;
  long double l;
  int n, i;
  char text[20], set[20];
  char *allocated;
  int matched = sscanf("3.25e-3 -1e30 0x1.8p3 abc123 [xyz] 77 allocated", "%lf %f %Lf %3s%d [%[a-z]] %2i %ms%n", &d, &f, &l, text, &i, set,
                       &(int){0}, &allocated, &n);
  printf("%d %g %g %Lg %s %d %s %s %d\n", matched, d, (double)f, l, text, i, set, allocated, n);
  free(allocated);
  printf("%5.1f|%-10.3e|%+g|% d|%#x|%#o|%08.3f|%.0f|%a|%A\n", 2.25, 12345.678, 0.0001, 5, 255, 8, -3.14159, 2.5, 1.0, 0.1);
  printf("%2$s %1$d %3$*4$d|\n", 1, "two", 3, 6);
  printf("%hhd %hd %ld %lld %jd %zd %td %" PRId64 "\n", (signed char)-1, (short)-2, -3L, -4LL, (intmax_t)-5, (long)-6, (ptrdiff_t)-7,
         INT64_C(-8));
  double sum = 0;
  char buffer[64];
  for (int k = 1; k < 5000; ++k) {
    snprintf(buffer, sizeof buffer, "%.17g", 1.0 / k);
    double back = strtod(buffer, NULL);
    if (back != 1.0 / k)
      printf("lost %d\n", k);
    sum += back;
  }
  printf("%.15g %s\n", sum, buffer);
  return 0;
}
