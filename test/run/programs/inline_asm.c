// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inline assembly: operands, clobbers, memory, labels, asm goto, symbols by name, cpuid.
// LEVELS: O0 frontend O2
#include <cpuid.h>
#include <stdio.h>
int exported = 41;
int exported_function(int x);
__attribute__((noinline)) int exported_function(int x) { return x + exported; }
static unsigned long rotate(unsigned long x, unsigned char n) {
  __asm__("rolq %%cl, %0" : "+r"(x) : "c"(n) : "cc");
  return x;
}
static unsigned add_carry(unsigned a, unsigned b, unsigned char *carry) {
  __asm__("addl %2, %0\n\tsetc %1" : "+r"(a), "=qm"(*carry) : "ri"(b) : "cc");
  return a;
}
static long strlen_asm(const char *text) {
  long length = 0;
  __asm__ volatile("1:\tcmpb $0, (%1,%0)\n\tje 2f\n\tincq %0\n\tjmp 1b\n2:" : "+r"(length) : "r"(text) : "memory", "cc");
  return length;
}
static int is_even(int x) {
  __asm__ goto("testl $1, %0\n\tjz %l[even]" : : "r"(x) : "cc" : even);
  return 0;
even:
  return 1;
}
static int by_name(void) {
  int value;
  __asm__("movq exported@GOTPCREL(%%rip), %%rax\n\tmovl (%%rax), %0" : "=r"(value) : : "rax");
  return value;
}
static double sqrt_asm(double x) {
  double root;
  __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(x));
  return root;
}
static long double x87(long double x) {
  __asm__("fsqrt" : "+t"(x));
  return x;
}
static int local_label(int x) { // unique labels, however often the body is duplicated
  __asm__("testl %0, %0\n\tjns .Lpositive%=\n\tnegl %0\n.Lpositive%=:" : "+r"(x) : : "cc");
  return x;
}
int main(void) {
  unsigned long x = 0x123456789abcdefull;
  unsigned sum = 0;
  unsigned char carry;
  long carries = 0, evens = 0, lengths = 0;
  double roots = 0;
  for (int i = 0; i < 20000; ++i) {
    x = rotate(x, (unsigned char)(i % 64)) + (unsigned)i;
    sum = add_carry(sum, 0x9e3779b9u, &carry);
    carries += carry;
    evens += is_even(i) + local_label(-i) - i;
    if (i % 100 == 0)
      lengths += strlen_asm("some text") + by_name() + exported_function(1);
    roots += sqrt_asm(i) + (double)x87(i);
  }
  unsigned a, b, c, d;
  printf("%lx %u %ld %ld %ld %.6f %d\n", x, sum, carries, evens, lengths, roots, __get_cpuid(0, &a, &b, &c, &d));
  return 0;
}
