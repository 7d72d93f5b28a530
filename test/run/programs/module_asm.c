// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembly at file scope: functions and data defined there, calls from it and to it, local symbols, a section of its own.
#include <stdio.h>
__asm__(".text\n"
        ".globl asm_add\n"
        ".type asm_add, @function\n"
        "asm_add:\n"
        "\tleaq (%rdi,%rsi), %rax\n"
        "\taddq asm_counter(%rip), %rax\n"
        "\tincq asm_counter(%rip)\n"
        "\tret\n"
        ".size asm_add, . - asm_add\n"
        ".globl asm_calls_c\n"
        ".type asm_calls_c, @function\n"
        "asm_calls_c:\n"
        "\tsubq $8, %rsp\n"
        "\tcall c_function@PLT\n"
        "\taddq $8, %rsp\n"
        "\taddl $1, %eax\n"
        "\tret\n"
        ".size asm_calls_c, . - asm_calls_c\n"
        "asm_local:\n"
        "\tmovl $99, %eax\n"
        "\tret\n"
        ".data\n"
        ".globl asm_pointer\n"
        "asm_pointer: .quad asm_local\n"
        ".local asm_counter\n"
        ".comm asm_counter, 8, 8\n"
        ".section .rodata.asm_text, \"a\", @progbits\n"
        ".globl asm_text\n"
        "asm_text: .asciz \"text from assembly\"\n"
        ".text\n");
long asm_add(long a, long b);
int asm_calls_c(int x);
extern int (*asm_pointer)(void);
extern const char asm_text[];
int c_function(int x);
int c_function(int x) { return x * 2; }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += asm_add(i, 1) + asm_calls_c(i);
  printf("%ld %d %s\n", sum, asm_pointer(), asm_text);
  long (*pointer)(long, long) = asm_add;
  printf("%d %ld\n", pointer == asm_add, pointer(0, 0));
  return 0;
}
