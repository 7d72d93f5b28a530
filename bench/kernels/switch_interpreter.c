// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bytecode interpreter with one switch in a loop.

#include "interpreter.h"
#include "kernel.h"

static uint32_t run(const Instruction* code, uint32_t seed) {
  uint32_t registers[Registers] = {0};
  registers[8] = seed;
  for (const Instruction* at = code;;) {
    Instruction i = *at++;
    switch ((enum Opcode)i.opcode) {
    case LoadConstant:
      registers[i.a] = i.b;
      break;
    case Add:
      registers[i.a] = registers[i.b] + registers[i.c];
      break;
    case Subtract:
      registers[i.a] = registers[i.b] - registers[i.c];
      break;
    case Multiply:
      registers[i.a] = registers[i.b] * registers[i.c];
      break;
    case Xor:
      registers[i.a] = registers[i.b] ^ registers[i.c];
      break;
    case LoadElement:
      registers[i.a] = memory[registers[i.b] % Elements];
      break;
    case StoreElement:
      memory[registers[i.b] % Elements] = registers[i.a];
      break;
    case Less:
      registers[i.a] = registers[i.b] < registers[i.c];
      break;
    case BranchIf:
      if (registers[i.a])
        at = code + i.b;
      break;
    case Jump:
      at = code + i.b;
      break;
    case Halt:
      return registers[i.a];
    }
  }
}

int main(int argc, char** argv) {
  uint32_t sum = 1;
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    for (int i = 0; i < 4; ++i)
      sum = run(program, sum);
    kernel_tick(sum);
  }
}
