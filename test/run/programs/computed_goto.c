// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computed goto with constant, static and offset tables, and label addresses stored in code on the heap.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <stdlib.h>
enum { op_add, op_mul, op_dec, op_loop, op_end };
static const unsigned char program[] = {op_add, op_mul, op_dec, op_loop, op_end};
static long constant_table(int rounds) {
  static const void *const table[] = {&&add, &&mul, &&dec, &&loop, &&end};
  const unsigned char *pc = program;
  long x = 1;
#define NEXT goto *table[*pc++]
  NEXT;
add: x += 7; NEXT;
mul: x = x * 3 & 0xfffff; NEXT;
dec: --rounds; NEXT;
loop: if (rounds > 0) pc = program; NEXT;
end: return x;
#undef NEXT
}
static long static_table(int rounds) {
  static void *table[5]; // filled on the first call, used by all of them
  if (!table[0]) {
    table[0] = &&add; table[1] = &&mul; table[2] = &&dec; table[3] = &&loop; table[4] = &&end;
  }
  const unsigned char *pc = program;
  long x = 2;
  goto *table[*pc++];
add: x += 5; goto *table[*pc++];
mul: x = x * 5 & 0xfffff; goto *table[*pc++];
dec: --rounds; goto *table[*pc++];
loop: if (rounds > 0) pc = program; goto *table[*pc++];
end: return x;
}
static long offset_table(int rounds) {
  static const int offsets[] = {&&add - &&add, &&mul - &&add, &&dec - &&add, &&loop - &&add, &&end - &&add};
  const unsigned char *pc = program;
  long x = 3;
#define NEXT goto *(&&add + offsets[*pc++])
  NEXT;
add: x += 11; NEXT;
mul: x = x * 7 & 0xfffff; NEXT;
dec: --rounds; NEXT;
loop: if (rounds > 0) pc = program; NEXT;
end: return x;
#undef NEXT
}
// Direct threading: the code of the interpreted program holds label addresses, made by an earlier call of the function.
static long direct_threading(void **code, int rounds) {
  static void *const table[] = {&&add, &&mul, &&dec, &&loop, &&end};
  if (rounds == 0) {
    for (int i = 0; i < 5; ++i)
      code[i] = table[program[i]];
    return 0;
  }
  void **pc = code;
  long x = 4;
  goto **pc++;
add: x += 13; goto **pc++;
mul: x = x * 9 & 0xfffff; goto **pc++;
dec: --rounds; goto **pc++;
loop: if (rounds > 0) pc = code; goto **pc++;
end: return x;
}
static long by_address(int n) {
  void *target = n & 1 ? &&odd : &&even;
  goto *target;
odd: return 3 * n + 1;
even: return n / 2;
}
int main(void) {
  void **code = malloc(5 * sizeof *code);
  direct_threading(code, 0);
  long sum = 0;
  for (int i = 1; i < 3000; ++i)
    sum += constant_table(i % 20 + 1) + static_table(i % 20 + 1) + offset_table(i % 20 + 1) + direct_threading(code, i % 20 + 1)
           + by_address(i);
  printf("%ld\n", sum);
  printf("%ld %ld %ld %ld\n", constant_table(60000), static_table(60000), offset_table(60000), direct_threading(code, 60000));
  free(code);
  return 0;
}
