// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytecode that the two interpreter kernels run: nested loops over an array with a few calls, on a
// register machine.

#pragma once
#include <stdint.h>

enum Opcode {
  LoadConstant,
  Add,
  Subtract,
  Multiply,
  Xor,
  LoadElement,
  StoreElement,
  Less,
  BranchIf,
  Jump,
  Halt
};

typedef struct {
  uint8_t opcode, a, b, c; // a is mostly the target; of branches b and c are the destination
} Instruction;

enum { Elements = 256, Registers = 16 };

static uint32_t memory[Elements];

// r0 = outer count, r1 = outer index, r2 = inner index, r3 = elements, r4 = one, r5.. scratch
static const Instruction program[] = {
    {LoadConstant, 0, 30, 0}, // 0
    {LoadConstant, 1, 0, 0},  {LoadConstant, 4, 1, 0}, {LoadConstant, 3, 255, 0},
    {LoadConstant, 9, 17, 0}, {LoadConstant, 2, 0, 0}, // 5: outer loop
    {LoadElement, 5, 2, 0},                            // 6: inner loop
    {Multiply, 6, 5, 9},      {Add, 6, 6, 1},          {Xor, 7, 6, 2},
    {StoreElement, 7, 2, 0},  {Add, 8, 8, 7},          {Subtract, 8, 8, 5},
    {Add, 2, 2, 4},           {Less, 10, 2, 3},        {BranchIf, 10, 6, 0}, // 15
    {Add, 1, 1, 4},           {Less, 10, 1, 0},        {BranchIf, 10, 5, 0},
    {Halt, 8, 0, 0},
};
