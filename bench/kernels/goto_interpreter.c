// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bytecode interpreter with computed goto: every instruction jumps to the next one itself.

#include "interpreter.h"
#include "kernel.h"

static uint32_t run(const Instruction* code, uint32_t seed) {
  static const void* const labels[] = {&&load_constant, &&add,          &&subtract,      &&multiply,
                                       &&xor,           &&load_element, &&store_element, &&less,
                                       &&branch_if,     &&jump,         &&halt};
  uint32_t registers[Registers] = {0};
  registers[8] = seed;
  const Instruction* at = code;
  Instruction i;
#define NEXT                                                                                                 \
  do {                                                                                                       \
    i = *at++;                                                                                               \
    goto* labels[i.opcode];                                                                                  \
  } while (0)

  NEXT;
load_constant:
  registers[i.a] = i.b;
  NEXT;
add:
  registers[i.a] = registers[i.b] + registers[i.c];
  NEXT;
subtract:
  registers[i.a] = registers[i.b] - registers[i.c];
  NEXT;
multiply:
  registers[i.a] = registers[i.b] * registers[i.c];
  NEXT;
xor:
  registers[i.a] = registers[i.b] ^ registers[i.c];
  NEXT;
load_element:
  registers[i.a] = memory[registers[i.b] % Elements];
  NEXT;
store_element:
  memory[registers[i.b] % Elements] = registers[i.a];
  NEXT;
less:
  registers[i.a] = registers[i.b] < registers[i.c];
  NEXT;
branch_if:
  if (registers[i.a])
    at = code + i.b;
  NEXT;
jump:
  at = code + i.b;
  NEXT;
halt:
  return registers[i.a];
#undef NEXT
}

int main(int argc, char** argv) {
  uint32_t sum = 1;
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    for (int i = 0; i < 4; ++i)
      sum = run(program, sum);
    kernel_tick(sum);
  }
}
