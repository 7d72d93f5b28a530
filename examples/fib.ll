; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; LLVM IR, straight from a text file: what a front end of your own would hand over.
;
;     ./dev run examples/fib.ll
;
; Output: fib(32) = 2178309

@format = private unnamed_addr constant [14 x i8] c"fib(%d) = %d\0A\00"

declare i32 @printf(ptr, ...)

define internal i32 @fib(i32 %n) {
entry:
  %small = icmp slt i32 %n, 2
  br i1 %small, label %done, label %recurse

recurse:
  %n1 = sub i32 %n, 1
  %fib1 = call i32 @fib(i32 %n1)
  %n2 = sub i32 %n, 2
  %fib2 = call i32 @fib(i32 %n2)
  %sum = add i32 %fib1, %fib2
  br label %done

done:
  %result = phi i32 [ %n, %entry ], [ %sum, %recurse ]
  ret i32 %result
}

define i32 @main() {
  %value = call i32 @fib(i32 32)
  %printed = call i32 (ptr, ...) @printf(ptr @format, i32 32, i32 %value)
  ret i32 0
}
