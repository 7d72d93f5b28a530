// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Wide and UTF-8/16/32 characters and strings, wide printf and conversion.
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <uchar.h>
#include <wchar.h>
#include <wctype.h>
static const wchar_t text[] = L"wide \u00e9\u4e16 text";
static const char16_t sixteen[] = u"\U0001F600x";
static const char32_t thirty_two[] = U"\U0001F600x";
static unsigned hash(const wchar_t *s) {
  unsigned h = 0;
  while (*s)
    h = h * 31 + (unsigned)towupper((wint_t)*s++);
  return h;
}
int main(void) {
  setlocale(LC_ALL, "C.UTF-8");
  unsigned total = 0;
  for (int i = 0; i < 2000; ++i)
    total += hash(text) + (unsigned)wcslen(text);
  wchar_t buffer[64];
  int length = swprintf(buffer, 64, L"%ls|%d|%5.2f|%s", text, 42, 2.5, "narrow");
  char narrow[128];
  size_t bytes = wcstombs(narrow, buffer, sizeof narrow);
  printf("%u %d %zu %s\n", total, length, bytes, narrow);
  printf("%x %x %x %zu %zu\n", sixteen[0], sixteen[1], (unsigned)thirty_two[0], sizeof sixteen, sizeof thirty_two);
  wchar_t *end;
  printf("%ld %d %ls\n", wcstol(L"123 rest", &end, 10), wcscmp(L"abc", L"abd") < 0, end);
  printf("%s %zu\n", u8"\u00fc", mbstowcs(buffer, "\xc3\xbc\xe2\x82\xac", 64));
  return 0;
}
