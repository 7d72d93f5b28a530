// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tokenizer written as a state machine: branches that depend on every byte.

#include "kernel.h"

enum { Bytes = 1 << 15 };
static char text[Bytes + 1];

typedef enum { Start, Word, Number, Fraction, Quoted, Escaped, Comment } Mode;

typedef struct {
  unsigned words, numbers, strings, comments, other;
  unsigned long long sum;
} Counts;

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

static void scan(const char* at, Counts* counts) {
  Mode mode = Start;
  unsigned value = 0;
  for (;; ++at) {
    char c = *at;
    switch (mode) {
    case Word:
      if (is_letter(c) || is_digit(c))
        continue;
      ++counts->words;
      break;
    case Number:
      if (is_digit(c)) {
        value = value * 10 + (unsigned)(c - '0');
        continue;
      }
      if (c == '.') {
        mode = Fraction;
        continue;
      }
      ++counts->numbers;
      counts->sum += value;
      break;
    case Fraction:
      if (is_digit(c))
        continue;
      ++counts->numbers;
      break;
    case Quoted:
      if (c == '\\') {
        mode = Escaped;
        continue;
      }
      if (c && c != '"')
        continue;
      ++counts->strings;
      mode = Start;
      if (c)
        continue;
      break;
    case Escaped:
      mode = Quoted;
      if (c)
        continue;
      break;
    case Comment:
      if (c && c != '\n')
        continue;
      ++counts->comments;
      break;
    case Start:
      break;
    }
    if (!c)
      return;
    value = is_digit(c) ? (unsigned)(c - '0') : 0;
    if (is_letter(c))
      mode = Word;
    else if (is_digit(c))
      mode = Number;
    else if (c == '"')
      mode = Quoted;
    else if (c == '#')
      mode = Comment;
    else {
      mode = Start;
      counts->other += c != ' ';
    }
  }
}

int main(int argc, char** argv) {
  unsigned state = 3;
  for (int i = 0; i < Bytes; ++i)
    text[i] = "ab c_x 12.3 456 \"\\\n# ()+-*= foo7"[kernel_random(&state) % 32];
  Counts counts = {0};
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    text[unit * 97 % Bytes] = "a1\" "[unit % 4];
    for (int i = 0; i < 4; ++i)
      scan(text, &counts);
    kernel_tick(counts.sum + counts.words * 3ull + counts.numbers * 5ull + counts.strings * 7ull +
                counts.comments * 11ull + counts.other);
  }
}
