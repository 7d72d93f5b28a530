// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// String processing: splitting text into words, folding case, comparing, copying, and searching a sorted list
// of words.

#include "kernel.h"

#include <ctype.h>
#include <string.h>

enum { TextSize = 1 << 14, MostWords = 512, Longest = 15 };

static char text[TextSize + 1];
static char words[MostWords][Longest + 1];
static unsigned uses[MostWords];
static int word_count;

static int compare(const char* a, const char* b) {
  while (*a && *a == *b) {
    ++a;
    ++b;
  }
  return (unsigned char)*a - (unsigned char)*b;
}

static void use(const char* word) {
  int low = 0, high = word_count;
  while (low < high) {
    int middle = (low + high) / 2, order = compare(words[middle], word);
    if (order == 0) {
      ++uses[middle];
      return;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (word_count == MostWords)
    return;
  memmove(words[low + 1], words[low], (size_t)(word_count - low) * sizeof words[0]);
  memmove(&uses[low + 1], &uses[low], (size_t)(word_count - low) * sizeof uses[0]);
  strcpy(words[low], word);
  uses[low] = 1;
  ++word_count;
}

static void split(const char* from) {
  char word[Longest + 1];
  size_t length = 0;
  for (;; ++from) {
    if (isalpha((unsigned char)*from)) {
      if (length < Longest)
        word[length++] = (char)tolower((unsigned char)*from);
    } else {
      if (length) {
        word[length] = 0;
        use(word);
      }
      length = 0;
      if (!*from)
        return;
    }
  }
}

int main(int argc, char** argv) {
  unsigned state = 2024;
  for (int i = 0; i < TextSize; ++i) {
    unsigned choice = kernel_random(&state) % 32;
    text[i] = choice < 7 ? " ,.\n;! "[choice] : "etaoinETAosh"[choice % 12];
  }
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    text[unit * 31 % TextSize] = "aeiou"[unit % 5];
    word_count = 0;
    for (int i = 0; i < 12; ++i)
      split(text);
    unsigned long long sum = 0;
    for (int i = 0; i < word_count; ++i) {
      sum = sum * 31 + uses[i];
      for (const char* c = words[i]; *c; ++c)
        sum = sum * 31 + (unsigned char)*c;
    }
    kernel_tick(sum);
  }
}
