; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Prefix data: the word in front of a function's address, as sanitizers and language runtimes read it.
target triple = "x86_64-pc-linux-gnu"
@format = private constant [10 x i8] c"%d %d %d\0A\00"
declare i32 @printf(ptr, ...)
define internal i32 @one(i32 %x) prefix i32 1001 {
  %r = add i32 %x, 1
  ret i32 %r
}
define i32 @two(i32 %x) prefix i32 1002 {
  %r = add i32 %x, 2
  ret i32 %r
}
define internal i32 @tag(ptr %f) {
  %p = getelementptr i32, ptr %f, i64 -1
  %v = load i32, ptr %p
  ret i32 %v
}
define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %s, %loop ]
  %bit = trunc i32 %i to i1
  %f = select i1 %bit, ptr @one, ptr @two
  %v = call i32 %f(i32 %sum)
  %s = and i32 %v, 65535
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, 20000
  br i1 %more, label %loop, label %end
end:
  %t1 = call i32 @tag(ptr @one)
  %t2 = call i32 @tag(ptr @two)
  %r = call i32 (ptr, ...) @printf(ptr @format, i32 %t1, i32 %t2, i32 %s)
  ret i32 0
}
