// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// _Unwind_Backtrace walks through all frames of the program to its end.
// CFLAGS: -fexceptions
#include <stdio.h>
#include <unwind.h>
static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *argument) {
  if (_Unwind_GetIP(context))
    ++*(int *)argument;
  return _URC_NO_REASON;
}
__attribute__((noinline)) static int walk(void) {
  int frames = 0;
  return _Unwind_Backtrace(count, &frames) == _URC_END_OF_STACK ? frames : -1;
}
static volatile int keep;
// Neither a tail call nor a loop: ten frames remain however well it is optimised, unless some are inlined.
__attribute__((noinline)) static int descend(int n) {
  int frames = n ? descend(n - 1) : walk();
  keep += n;
  return frames;
}
int main(void) {
  int good = 0;
  for (int i = 0; i < 3000; ++i)
    good += descend(60) > 10;
  printf("%d\n", good);
  return 0;
}
