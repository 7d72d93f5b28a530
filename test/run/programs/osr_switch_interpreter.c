// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A bytecode interpreter, one switch in one loop, entered once: it computes primes, then calls itself for each of a list.
// LEVELS: O0 frontend O2
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
enum op { LOAD, STORE, CONST, ADD, SUB, MUL, MOD, LESS, JUMP, JUMP_IF, GET, SET, PRINT, CALL, RETURN, HALT };
struct instruction { unsigned char op, a, b, c; int value; };
struct vm { long registers[32], memory[2000]; char output[400]; int length; long executed; };
static long run(struct vm *vm, const struct instruction *code, int pc, int depth) {
  long *r = vm->registers;
  long saved[4] = {r[0], r[1], r[2], r[3]};
  for (;;) {
    const struct instruction in = code[pc++];
    ++vm->executed;
    switch ((enum op)in.op) {
    case LOAD: r[in.a] = saved[in.b & 3]; break;
    case STORE: saved[in.b & 3] = r[in.a]; break;
    case CONST: r[in.a] = in.value; break;
    case ADD: r[in.a] = r[in.b] + r[in.c]; break;
    case SUB: r[in.a] = r[in.b] - r[in.c]; break;
    case MUL: r[in.a] = r[in.b] * r[in.c]; break;
    case MOD:
      if (r[in.c] == 0)
        return -1;
      r[in.a] = r[in.b] % r[in.c];
      break;
    case LESS: r[in.a] = r[in.b] < r[in.c]; break;
    case JUMP: pc = in.value; break;
    case JUMP_IF:
      if (r[in.a])
        pc = in.value;
      break;
    case GET: r[in.a] = vm->memory[(unsigned long)r[in.b] % 2000]; break;
    case SET: vm->memory[(unsigned long)r[in.b] % 2000] = r[in.a]; break;
    case PRINT: vm->length += sprintf(vm->output + vm->length, "%ld ", r[in.a]); break;
    case CALL: r[in.a] = depth < 20 ? run(vm, code, in.value, depth + 1) : 0; break;
    case RETURN: return r[in.a];
    case HALT: return r[0];
    }
  }
}
int main(void) {
  static const struct instruction code[] = {
      // sieve up to 2000, ten times
      {CONST, 9, 0, 0, 1}, {CONST, 10, 0, 0, 0}, {CONST, 11, 0, 0, 2000}, {CONST, 12, 0, 0, 10},
      {CONST, 1, 0, 0, 2},                                                            // 4: i = 2
      {SET, 9, 1, 0, 0}, {ADD, 1, 1, 9, 0}, {LESS, 3, 1, 11, 0}, {JUMP_IF, 3, 0, 0, 5}, // 5: memory[i++] = 1
      {CONST, 1, 0, 0, 2},                                                            // 9
      {GET, 3, 1, 0, 0}, {LESS, 3, 3, 9, 0}, {JUMP_IF, 3, 0, 0, 18},                  // 10: not prime
      {MUL, 2, 1, 1, 0},                                                              // 13: k = i * i
      {LESS, 3, 2, 11, 0}, {LESS, 3, 3, 9, 0}, {JUMP_IF, 3, 0, 0, 18}, {JUMP, 0, 0, 0, 30}, // 14: while k < 2000
      {ADD, 1, 1, 9, 0}, {MUL, 3, 1, 1, 0}, {LESS, 3, 3, 11, 0}, {JUMP_IF, 3, 0, 0, 10}, // 18: i * i < 2000
      {SUB, 12, 12, 9, 0}, {JUMP_IF, 12, 0, 0, 4},                                    // 22: again
      {CONST, 13, 0, 0, 300}, {CALL, 14, 0, 0, 33}, {PRINT, 14, 0, 0, 0},             // 24
      {SUB, 13, 13, 9, 0}, {JUMP_IF, 13, 0, 0, 25}, {HALT, 0, 0, 0, 0},               // 27
      {SET, 10, 2, 0, 0}, {ADD, 2, 2, 1, 0}, {JUMP, 0, 0, 0, 14},                     // 30: memory[k] = 0, k += i
      // 33: counts what is not prime up to 2000, and calls itself once in the middle
      {CONST, 1, 0, 0, 0}, {CONST, 2, 0, 0, 0}, {CONST, 5, 0, 0, 200},
      {GET, 3, 1, 0, 0}, {ADD, 2, 2, 3, 0}, {ADD, 1, 1, 9, 0}, {LESS, 3, 1, 5, 0}, {JUMP_IF, 3, 0, 0, 36},
      {RETURN, 2, 0, 0, 0}};
  struct vm *vm = calloc(1, sizeof *vm);
  vm->registers[13] = 0;
  // 300 calls print too much: only the end is kept
  struct instruction *copy = malloc(sizeof code);
  memcpy(copy, code, sizeof code);
  copy[26] = (struct instruction){ADD, 15, 15, 14, 0};
  long result = run(vm, copy, 0, 0);
  vm->registers[15] *= 3;
  int primes = 0;
  for (int i = 0; i < 2000; ++i)
    primes += vm->memory[i] == 1;
  printf("%ld %ld %d %ld\n", result, vm->registers[15], primes, vm->executed);
  copy[26] = code[26];
  copy[24].value = 20;
  copy[3].value = 1;
  run(vm, copy, 0, 0);
  printf("%s\n", vm->output);
  free(copy);
  free(vm);
  return 0;
}
