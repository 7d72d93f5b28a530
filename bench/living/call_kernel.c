// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that do nothing but call, for bench/living.py: compiled natively, as part of the measuring program
// and as a shared library, and by the engine. The result of a call is the argument of the next one.
long call_kernel_step(long value);
long call_kernel_loop(long value, long calls);
long call_kernel_through(long (*step)(long), long value, long calls);

__attribute__((noinline)) long call_kernel_step(long value) { return value * 3 + 1; }

long call_kernel_loop(long value, long calls) {
  for (long i = 0; i < calls; ++i)
    value = call_kernel_step(value);
  return value;
}

long call_kernel_through(long (*step)(long), long value, long calls) {
  for (long i = 0; i < calls; ++i)
    value = step(value);
  return value;
}
