// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interpreters by computed goto that run one long program: constant table, label differences, local label variables, heap.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <stdlib.h>
enum { op_push, op_add, op_mul, op_dup, op_drop, op_dec, op_jump, op_end };
// x = ((x + 7) * 5) masked, counted down
static const int code[] = {op_push, 7, op_add, op_push, 5, op_mul, op_dup, op_drop, op_dec, op_jump, 0, op_end};
#define BODY(NEXT)                                                                                                               \
  push: *++top = *pc++; NEXT;                                                                                                    \
  add: --top; *top = *top + top[1]; NEXT;                                                                                        \
  mul: --top; *top = *top * top[1] & 0xffffff; NEXT;                                                                             \
  dup: top[1] = *top; ++top; NEXT;                                                                                               \
  drop: --top; NEXT;                                                                                                             \
  dec: --count; NEXT;                                                                                                            \
  jump:                                                                                                                          \
  if (count > 0)                                                                                                                 \
    pc = code + *pc;                                                                                                             \
  else                                                                                                                           \
    ++pc;                                                                                                                        \
  NEXT;                                                                                                                          \
  end:                                                                                                                           \
  return *top
__attribute__((noinline)) static long by_table(long count) {
  static const void *const table[] = {&&push, &&add, &&mul, &&dup, &&drop, &&dec, &&jump, &&end};
  long stack[16] = {1}, *top = stack;
  const int *pc = code;
#define NEXT goto *table[*pc++]
  NEXT;
  BODY(NEXT);
#undef NEXT
}
__attribute__((noinline)) static long by_difference(long count) {
  static const int table[] = {&&push - &&push, &&add - &&push,  &&mul - &&push,  &&dup - &&push,
                              &&drop - &&push, &&dec - &&push, &&jump - &&push, &&end - &&push};
  long stack[16] = {2}, *top = stack;
  const int *pc = code;
#define NEXT goto *(&&push + table[*pc++])
  NEXT;
  BODY(NEXT);
#undef NEXT
}
// Addresses in local variables, exchanged while the loop runs.
__attribute__((noinline)) static long by_variables(long count) {
  void *even = &&halve, *odd = &&triple, *next = &&test;
  long x = 27, sum = 0;
test:
  if (--count < 0)
    goto *(&&end);
  if (count % 1000 == 0) {
    void *t = even == &&halve ? &&halve_again : &&halve;
    even = t;
  }
  goto *(x & 1 ? odd : even);
halve: x /= 2; sum += 1; goto *next;
halve_again: x = x / 2 + 1; sum += 2; goto *next;
triple: x = (3 * x + 1) % 100003; sum += 3; goto *next;
end:
  return sum * 1000 + x;
}
// A local table, filled at run time.
__attribute__((noinline)) static long by_local_table(long count) {
  void *table[8];
  for (int i = 0; i < 8; ++i)
    table[i] = i & 1 ? &&left : &&right;
  long x = 1;
  unsigned i = 0;
  goto *table[0];
left:
  x = (x << 1 | x >> 40) & 0x1ffffffffff;
  goto join;
right:
  x ^= count;
join:
  if (--count == 0)
    return x;
  if (count % 777 == 0)
    table[count & 7] = table[count & 7] == &&left ? &&right : &&left;
  i = i * 5 + 3;
  goto *table[i >> 4 & 7];
}
// Direct threading on the heap. The loop that runs the code must understand addresses that an earlier call stored.
__attribute__((noinline)) static long threaded(void **words, long count) {
  if (!words[0]) {
    static void *const labels[] = {&&push, &&add, &&mul, &&dup, &&drop, &&dec, &&jump, &&end};
    for (unsigned i = 0; i < sizeof code / sizeof *code; ++i) {
      words[i] = labels[code[i]];
      if (code[i] == op_push || code[i] == op_jump) {
        ++i;
        words[i] = (void *)(long)code[i];
      }
    }
    return 0;
  }
  long stack[16] = {3}, *top = stack;
  void **pc = words;
#define NEXT goto * *pc++
  NEXT;
push: *++top = (long)*pc++; NEXT;
add: --top; *top = *top + top[1]; NEXT;
mul: --top; *top = *top * top[1] & 0xffffff; NEXT;
dup: top[1] = *top; ++top; NEXT;
drop: --top; NEXT;
dec: --count; NEXT;
jump: pc = count > 0 ? words + (long)*pc : pc + 1; NEXT;
end: return *top;
#undef NEXT
}
int main(void) {
  printf("%ld\n", by_table(60000));
  printf("%ld\n", by_difference(60000));
  printf("%ld\n", by_variables(400000));
  printf("%ld\n", by_local_table(400000));
  void **words = calloc(sizeof code / sizeof *code, sizeof *words);
  threaded(words, 0);
  printf("%ld\n", threaded(words, 60000));
  printf("%ld %ld\n", by_table(1000), threaded(words, 1000));
  free(words);
  return 0;
}
