// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// At every instruction of calls, first ones and later ones, through pointers, of loops and of signal handlers' installation, a signal handler
// unwinds to the beginning of the stack.
//
// CFLAGS: -fasynchronous-unwind-tables
// LDFLAGS: -Wl,-z,now
// LEVELS: O0 O2

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#define TRAP_FLAG 0x100

static volatile sig_atomic_t starts, stops;
static volatile long steps, wrong;
static uintptr_t wrong_at[16];
static uintptr_t outermost; // the canonical frame address of the first frame on the stack

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *last) {
  *(uintptr_t *)last = _Unwind_GetCFA(context);
  return _URC_NO_REASON;
}

static uintptr_t find_outermost(void) {
  uintptr_t last = 0;
  _Unwind_Backtrace(note_frame, &last);
  return last;
}

static void trap(int number, siginfo_t *info, void *raw) {
  (void)number;
  (void)info;
  ucontext_t *context = raw;
  if (find_outermost() != outermost && wrong++ < 16)
    wrong_at[wrong - 1] = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
  steps++;
  if (starts)
    context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
  if (stops)
    context->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
  starts = stops = 0;
}

/// From the return of raise on there is a trap after each instruction, until one sees `stops`.
__attribute__((noinline)) static void begin(void) {
  starts = 1;
  raise(SIGTRAP);
}

static void report(const char *what, long result) {
  stops = 1;
  const long made = steps, failed = wrong;
  printf("%s: %ld, %s, %ld walks ended early\n", what, result, made > 10 ? "many steps" : "few steps", failed);
  for (long i = 0; i < failed && i < 16; i++)
    fprintf(stderr, "  at %lx\n", (unsigned long)wrong_at[i]);
  steps = wrong = 0;
}

typedef struct {
  long a, b, c;
} triple;

__attribute__((noinline)) long leaf(long x) { return x * 3 + 1; }
__attribute__((noinline)) long later(long x) { return leaf(x) + leaf(x + 1); }
__attribute__((noinline)) double of_double(double x, float y) { return x * y; }
__attribute__((noinline)) triple of_struct(triple t) { return (triple){t.c, t.a, t.b}; }
__attribute__((noinline)) long of_many(long a, long b, long c, long d, long e, long f, long g, long h) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}
__attribute__((noinline)) long recursive(long n) { return n == 0 ? 0 : n + recursive(n - 1); }
__attribute__((noinline)) static long loop(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++)
    sum = (sum << 1 ^ i) % 1000003;
  return sum;
}
__attribute__((noinline)) static long nested(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++)
    for (long k = 0; k < n; k++)
      sum += leaf(i ^ k);
  return sum;
}
static void handler(int number) { (void)number; }

long (*volatile pointer)(long) = later;
triple (*volatile struct_pointer)(triple) = of_struct;

int main(void) {
  outermost = find_outermost();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = trap;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, 0);
  raise(SIGTRAP);
  steps = wrong = 0;

  begin();
  report("a first call", leaf(7));
  begin();
  report("the next", leaf(8));
  begin();
  report("through a pointer", pointer(5));
  begin();
  report("again", pointer(6));
  begin();
  report("floating point", (long)of_double(3.5, 2));
  begin();
  report("structures", struct_pointer((triple){1, 2, 3}).a);
  begin();
  report("arguments in memory", of_many(1, 2, 3, 4, 5, 6, 7, 8));
  begin();
  report("recursion", recursive(20));
  begin();
  report("a loop", loop(1000));
  begin();
  report("nested loops", nested(30));
  begin();
  report("a function of libc", labs(strtol("-77", 0, 10)));
  // Where a linker has made a table of calls to libraries, walks end at it.
  begin();
  const int was_default = signal(SIGUSR1, handler) == SIG_DFL;
  wrong = 0;
  report("signal", was_default);
  return 0;
}
