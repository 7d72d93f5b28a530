// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Standard input through fgets, scanf, getchar and ungetc.
// STDIN: first line\n12 -7 0x1f 2.5e3 word\nrest of it\n\nlast without newline
#include <stdio.h>
#include <string.h>

int main(void) {
  char line[80];
  int a, b;
  unsigned c;
  double d;
  char word[16];
  printf("%s", fgets(line, sizeof line, stdin));
  printf("%d: ", scanf("%d %d %x %lf %15s", &a, &b, &c, &d, word));
  printf("%d %d %u %g %s\n", a, b, c, d, word);
  int newline = getchar();
  int next = ungetc(getchar(), stdin);
  printf("%d %c\n", newline, next);
  int letters = 0, lines = 0, other = 0, ch;
  while ((ch = getchar()) != EOF) {
    if (ch == '\n')
      ++lines;
    else if (ch >= 'a' && ch <= 'z')
      ++letters;
    else
      ++other;
  }
  printf("%d %d %d eof %d error %d\n", letters, lines, other, feof(stdin) != 0, ferror(stdin) != 0);
  return 0;
}
