; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Locals of integers that do not fill their memory, used as the memory they have: all of it stays.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
@fmt = private constant [4 x i8] c"%x\0A\00"
declare i32 @printf(ptr, ...)
define i32 @f(i32 %n) {
entry:
  %a = alloca i24, align 4
  %b = alloca i1, align 1
  store i32 305419896, ptr %a, align 4
  store i8 90, ptr %b
  br label %h
h:
  %i = phi i32 [0, %entry], [%i1, %h]
  %i1 = add i32 %i, 1
  %v = load i32, ptr %a, align 4
  %v1 = add i32 %v, 16777217
  store i32 %v1, ptr %a, align 4
  %w = load i8, ptr %b
  %w1 = add i8 %w, 2
  store i8 %w1, ptr %b
  %c = icmp slt i32 %i1, %n
  br i1 %c, label %h, label %x
x:
  %r = load i32, ptr %a
  %q = load i8, ptr %b
  %q1 = zext i8 %q to i32
  %r1 = xor i32 %r, %q1
  ret i32 %r1
}
define i32 @main() {
  %r = call i32 @f(i32 20000)
  %x = call i32 (ptr, ...) @printf(ptr @fmt, i32 %r)
  ret i32 0
}
