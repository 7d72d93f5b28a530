// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inline assembly in hot loops: outputs, ties, flags, clobbers, memory, local labels, asm goto with and without outputs.
// LEVELS: O0 frontend O2
#include <stdio.h>
__attribute__((noinline)) static unsigned long rotate(unsigned long x, int n) {
  for (int i = 0; i < n; ++i)
    __asm__("rolq $7, %0\n\taddq %1, %0" : "+r"(x) : "r"((long)i) : "cc");
  return x;
}
__attribute__((noinline)) static unsigned carries(unsigned x, int n) {
  unsigned count = 0;
  for (int i = 0; i < n; ++i) {
    unsigned char carry;
    __asm__("addl %2, %0" : "+r"(x), "=@ccc"(carry) : "r"(0x9e3779b9u));
    count += carry;
  }
  return count * 7 + x % 7;
}
__attribute__((noinline)) static unsigned long multiply(unsigned long x, int n) {
  unsigned long low = x, high = 0;
  for (int i = 0; i < n; ++i)
    __asm__ volatile("mulq %[by]" : "+a"(low), "=&d"(high) : [by] "r"(0x5851f42d4c957f2dul + (high & 1)) : "cc");
  return low ^ high;
}
// A loop within the assembly, within a loop; a label that is unique in each copy of the code.
__attribute__((noinline)) static int bits(unsigned x, int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) {
    unsigned value = x + (unsigned)i;
    int count = 0;
    __asm__ volatile("jmp 2f\n"
                     "1:\n\tleal -1(%q0), %%ecx\n\tandl %%ecx, %0\n\tincl %1\n"
                     "2:\n\ttestl %0, %0\n\tjnz 1b\n"
                     ".Lbits%=:"
                     : "+r"(value), "+r"(count)
                     :
                     : "rcx", "cc");
    total += count;
  }
  return total;
}
__attribute__((noinline)) static int jumps(int n) {
  int a = 0, b = 0, c = 0;
  for (int i = 0; i < n; ++i) {
    __asm__ goto("testl $1, %0\n\tjnz %l[odd]\n\ttestl $2, %0\n\tjnz %l[two]" : : "r"(i) : "cc" : odd, two);
    ++a;
    continue;
  odd:
    ++b;
    continue;
  two:
    ++c;
  }
  return a * 3 + b * 5 + c * 7;
}
// The back edge itself is an assembly's jump.
__attribute__((noinline)) static int back_edge(int n) {
  int rounds = 0, sum = 0;
again:
  sum += rounds & 3;
  ++rounds;
  __asm__ goto("cmpl %1, %0\n\tjl %l2" : : "r"(rounds), "r"(n) : "cc" : again);
  return sum + rounds;
}
__attribute__((noinline)) static int with_output(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) {
    int half;
    __asm__ goto("movl %1, %0\n\tshrl $1, %0\n\tjc %l[odd]" : "=&r"(half) : "r"(i) : "cc" : odd);
    sum = (sum + half) & 0xffffff;
    continue;
  odd:
    sum ^= half / 2;
  }
  return sum;
}
__attribute__((noinline)) static int memory(int n) {
  int cells[4] = {1, 2, 3, 4};
  for (int i = 0; i < n; ++i) {
    __asm__ volatile("incl %0\n\tmovl %0, %%eax\n\txorl %%eax, %1" : "+m"(cells[i & 3]), "+m"(cells[(i + 1) & 3]) : : "eax", "cc");
    __asm__ volatile("" ::: "memory", "rbx", "r12", "r13", "r14", "r15", "xmm0", "xmm15");
  }
  return cells[0] ^ cells[1] ^ cells[2] ^ cells[3];
}
int main(void) {
  printf("%lu\n", rotate(12345, 300000));
  printf("%u\n", carries(1, 300000));
  printf("%lu\n", multiply(3, 300000));
  printf("%d\n", bits(77, 50000));
  printf("%d %d\n", jumps(300000), back_edge(300000));
  printf("%d %d\n", with_output(200000), memory(200000));
  return 0;
}
