// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SIGALRM every 200 microseconds, the handler calling functions, while the program allocates and makes first calls.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
static volatile sig_atomic_t ticks;
static volatile unsigned noise;
#define F(n) __attribute__((noinline)) static unsigned f##n(unsigned x) { return x * (2u * n + 7u) + n; }
#define F10(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
F10(1) F10(2) F10(3) F10(4) F10(5) F10(6) F10(7) F10(8)
#define T(n) f##n,
#define T10(n) T(n##0) T(n##1) T(n##2) T(n##3) T(n##4) T(n##5) T(n##6) T(n##7) T(n##8) T(n##9)
static unsigned (*const table[])(unsigned) = {T10(1) T10(2) T10(3) T10(4) T10(5) T10(6) T10(7) T10(8)};
static unsigned in_handler(unsigned x) { return x ^ x >> 9; }
static void handler(int number) {
  (void)number;
  ++ticks;
  noise = in_handler(noise + (unsigned)ticks);
  noise += table[79 - ticks % 40](1); // those the program has not reached yet
}
static unsigned churn(unsigned x) {
  char *memory = malloc(16 + x % 5000);
  memset(memory, (int)x, 16);
  unsigned sum = (unsigned char)memory[x % 16];
  free(memory);
  return sum;
}
int main(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval interval = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &interval, NULL);
  unsigned x = 1, sum = 0;
  for (int i = 0; i < 60000 || ticks < 50; ++i)
    if (i < 60000) {
      x = table[i / 600 % 80](x);
      sum += churn(x >> 8);
    }
  interval = (struct itimerval){{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &interval, NULL);
  printf("%08x %u ticks %d\n", x, sum, ticks >= 50);
  return 0;
}
