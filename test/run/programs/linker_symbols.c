// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a linker defines by itself: where the program, its code and its variables begin and end, and its header.
#include <elf.h>
#include <stdio.h>
#include <string.h>
extern char __executable_start[], etext[], _etext[], __etext[], edata[], _edata[], end[], _end[], __bss_start[], __data_start[],
    data_start[];
extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));
int data = 3;
int zero;
static int own = 4;
static int function(int x) { return x + 1; }
static int inCode(const void *p) { return (char *)p >= __executable_start && (char *)p < etext; }
static int inData(const void *p) { return (char *)p >= etext && (char *)p < end; }
int main(void) {
  int sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += inCode((void *)&function) + inData(&data) + function(i & 1);
  printf("%d\n", sum);
  printf("%d %d %d %d\n", inCode((void *)main), inCode((void *)inData), inCode(&data), inCode(&sum));
  printf("%d %d %d %d\n", inData(&data), inData(&zero), inData(&own), inData(&sum));
  printf("%d %d %d\n", (char *)&zero >= __bss_start, (char *)&zero < end, (char *)&data < edata);
  printf("%d %d\n", (char *)&data >= data_start, data_start == __data_start);
  printf("%d %d %d %d\n", etext == _etext, etext == __etext, edata == _edata, end == _end);
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
  printf("%d %d %d\n", __ehdr_start != NULL, memcmp(__ehdr_start, ELFMAG, SELFMAG) == 0, header->e_machine == EM_X86_64);
  return 0;
}
