// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// naked, cold, section, aligned and pure functions, one with a name chosen by asm, inline ones of C, cold paths that stay cold.
// LEVELS: O0 frontend O2
#include <stdint.h>
#include <stdio.h>
__attribute__((naked)) static long naked_add(long a __attribute__((unused)), long b __attribute__((unused))) {
  __asm__("leaq (%rdi,%rsi), %rax\n\tret");
}
__attribute__((cold, noinline)) static int cold(int x) { return x - 1; }
__attribute__((section(".text.corpus"), noinline)) static int placed(int x) { return x + 3; }
__attribute__((aligned(256), noinline)) static int aligned(int x) { return x * 2; }
__attribute__((const)) static int square(int x) { return x * x; }
__attribute__((always_inline)) static inline int forced(int x) { return x ^ 5; }
inline int c_inline(int x) { return x + 100; }
extern int c_inline(int x);
int renamed(int x) __asm__("a.name.with.dots");
int renamed(int x) { return x + 9; }
__attribute__((optnone, noinline)) static int unoptimised(int x) { return x * 3; }
__attribute__((minsize, noinline)) static int small(int x) { return x % 7; }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += naked_add(i, 1) + placed(i) + aligned(i) + square(i % 100) + forced(i) + c_inline(i) + renamed(i) + unoptimised(i) + small(i)
           + (i == 19999 ? cold(i) : 0);
  printf("%ld %d\n", sum, (int)((uintptr_t)aligned % 16));
  return 0;
}
