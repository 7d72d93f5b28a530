// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Labels, macros, symbols and other directives in inline assembly of hot functions: the same in several functions, in nested
// loops and in functions that others inline.
// LEVELS: O0 frontend
#include <stdio.h>
// The same numeric labels, forwards and backwards.
__attribute__((noinline)) static int times(int n, int by) {
  int r = 0;
  __asm__ volatile("1: addl %2, %0\n\tdecl %1\n\tjnz 1b" : "+r"(r), "+r"(n) : "r"(by) : "cc");
  return r;
}
__attribute__((noinline)) static int bits(unsigned x) {
  int r = 0;
  __asm__ volatile("1: testl %1, %1\n\tjz 2f\n\tleal -1(%q1), %%ecx\n\tandl %%ecx, %1\n\tincl %0\n\tjmp 1b\n2:"
                   : "+r"(r), "+r"(x) : : "ecx", "cc");
  return r;
}
// A label with a name. Nothing else may define it, and optimisation must not copy it.
__attribute__((noinline)) static int named(int x) {
  int r = x;
  __asm__ volatile("jmp asm_labels_named\n\tud2\nasm_labels_named: addl $7, %0" : "+r"(r) : : "cc");
  return r;
}
// The same in a nest of loops, which continuations copy and optimisers unroll.
__attribute__((noinline)) static long nested(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < 4; ++k) {
      int r = i + k;
      __asm__ volatile("testl %0, %0\n\tjns .Lasm_labels_nested\n\tnegl %0\n.Lasm_labels_nested:" : "+r"(r) : : "cc");
      sum += r;
    }
  }
  return sum;
}
// Inlined twice into one function where that is allowed.
static int small(int x) {
  int r = x;
  __asm__ volatile("asm_labels_small: incl %0" : "+r"(r) : : "cc");
  return r;
}
__attribute__((noinline)) static int twice(int x) { return small(x) * small(x + 1); }
// A number of its own in every copy.
static inline int unique(int x) {
  int r = x;
  __asm__ volatile("jmp .Lunique%=\n\tud2\n.Lunique%=: addl $3, %0" : "+r"(r) : : "cc");
  return r;
}
__attribute__((noinline)) static int uniques(int x) { return unique(x) + unique(2 * x) + unique(3 * x); }
// Macros that stay defined, one name in two functions would clash natively, too.
__attribute__((noinline)) static int macro(int x) {
  int r = x;
  __asm__ volatile(".macro asm_labels_twice op, reg\n\t\\op \\reg\n\t\\op \\reg\n\t.endm\n\t"
                   "asm_labels_twice incl, %0" : "+r"(r) : : "cc");
  return r;
}
__attribute__((noinline)) static int symbol(int x) {
  int r = x;
  __asm__ volatile(".equiv asm_labels_five, 5\n\tasm_labels_six = asm_labels_five + 1\n\taddl $asm_labels_six, %0"
                   : "+r"(r) : : "cc");
  return r;
}
// What the assembler is told for the rest of its input ends with the statement.
__attribute__((noinline)) static int intel(int x) {
  int r;
  __asm__ volatile(".intel_syntax noprefix\n\tlea eax, [rdi + 2]" : "=a"(r) : "D"(x));
  return r;
}
__attribute__((noinline)) static int sections(int x) {
  int r;
  __asm__ volatile(".pushsection .rodata.asm_labels,\"a\",@progbits\n3: .long 11, 22, 33, 44\n\t.popsection\n\t"
                   "leaq 3b(%%rip), %%rax\n\tmovl (%%rax,%q1,4), %0" : "=r"(r) : "r"((long)(x & 3)) : "rax");
  return r;
}
__attribute__((noinline)) static int distance(int x) {
  int r;
  __asm__ volatile("8: nop\n\tnop\n9: movl $(9b - 8b), %0\n\t.reloc 8b, R_X86_64_NONE\n\taddl %1, %0" : "=&r"(r) : "r"(x) : "cc");
  return r;
}
__attribute__((noinline)) static int frame(int x) {
  int r = x;
  __asm__ volatile("subq $128, %%rsp\n\t.cfi_remember_state\n\t.cfi_adjust_cfa_offset 136\n\tpushq %q0\n\taddl $1, (%%rsp)\n\t"
                   "popq %q0\n\t.cfi_restore_state\n\taddq $128, %%rsp" : "+r"(r) : : "cc", "memory");
  return r;
}
int main(void) {
  unsigned long sum = 0;
  for (int i = 0; i < 30000; ++i) {
    sum = sum * 31 + (unsigned)times((i & 7) + 1, i) + (unsigned)bits((unsigned)i);
    sum = sum * 31 + (unsigned)named(i) + (unsigned)twice(i) + (unsigned)uniques(i);
    sum = sum * 31 + (unsigned)macro(i) + (unsigned)symbol(i) + (unsigned)intel(i);
    sum = sum * 31 + (unsigned)sections(i) + (unsigned)distance(i) + (unsigned)frame(i);
  }
  printf("%lu\n", sum);
  printf("%ld %ld\n", nested(20000), nested(200));
  return 0;
}
