// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The return address and the frame's address, asked for before and in hot loops, stay those of the activation.
// LEVELS: O0 frontend O2
#include <stdio.h>
__attribute__((noinline)) static int return_address(int n) {
  void *const at_first = __builtin_return_address(0);
  int changed = 0;
  for (int i = 0; i < n; ++i)
    changed += __builtin_return_address(0) != at_first;
  return changed;
}
__attribute__((noinline)) static int frame_address(int n) {
  void *const at_first = __builtin_frame_address(0);
  int changed = 0;
  for (int i = 0; i < n; ++i)
    changed += __builtin_frame_address(0) != at_first;
  return changed;
}
// Only inside the loop: the second half has to say what the first did.
__attribute__((noinline)) static int remembered(int n) {
  static void *places[2], *frames[2];
  int different = 0;
  for (int i = 0; i < n; ++i) {
    places[i & 1] = __builtin_return_address(0);
    frames[i & 1] = __builtin_frame_address(0);
    if (i > 0)
      different += places[0] != places[1] || frames[0] != frames[1];
  }
  return different;
}
__attribute__((noinline)) static int address_of_local(int n) {
  int local = 1, *const at_first = &local, moved = 0;
  for (int i = 0; i < n; ++i) {
    int *volatile now = &local;
    moved += now != at_first;
    *now += i & 1;
  }
  return moved * 1000000 + local;
}
// What a callee sees as its caller's frame.
__attribute__((noinline)) static void *callers_frame(void *frame) {
  static void *last;
  void *before = last;
  last = frame;
  return before;
}
__attribute__((noinline)) static int told_to_callee(int n) {
  int different = 0;
  callers_frame(__builtin_frame_address(0));
  for (int i = 0; i < n; ++i) {
    void *before = callers_frame(__builtin_frame_address(0));
    different += before != __builtin_frame_address(0);
  }
  return different;
}
int main(void) {
  printf("%d\n", return_address(200000));
  printf("%d\n", frame_address(200000));
  printf("%d\n", remembered(200000));
  printf("%d\n", address_of_local(200000));
  printf("%d\n", told_to_callee(200000));
  return 0;
}
