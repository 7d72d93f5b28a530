; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; musttail and tailcc: a million calls in constant stack, through pointers, mutual, rotating their arguments.
target triple = "x86_64-pc-linux-gnu"
@format = private constant [19 x i8] c"%lld %lld %lld %d\0A\00"
@table = internal constant [2 x ptr] [ptr @even, ptr @odd]

declare i32 @printf(ptr, ...)

define internal i64 @even(i64 %n, i64 %sum) {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %end, label %go
go:
  %m = sub i64 %n, 1
  %s = add i64 %sum, %n
  %r = musttail call i64 @odd(i64 %m, i64 %s)
  ret i64 %r
end:
  ret i64 %sum
}

define internal i64 @odd(i64 %n, i64 %sum) {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %end, label %go
go:
  %m = sub i64 %n, 1
  %s = xor i64 %sum, %n
  %bit = and i64 %n, 1
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %bit
  %f = load ptr, ptr %slot
  %r = musttail call i64 %f(i64 %m, i64 %s)
  ret i64 %r
end:
  ret i64 %sum
}

define internal tailcc i64 @rotating(i64 %n, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e) {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %end, label %go
go:
  %m = sub i64 %n, 1
  %x = add i64 %a, %e
  %r = musttail call tailcc i64 @rotating(i64 %m, i64 %b, i64 %c, i64 %d, i64 %e, i64 %x)
  ret i64 %r
end:
  %y = mul i64 %a, 3
  %z = add i64 %y, %e
  ret i64 %z
}

define internal swifttailcc i64 @swift(i64 %n, i64 %sum, ptr swiftself %self) {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %end, label %go
go:
  %m = sub i64 %n, 1
  %v = load i64, ptr %self
  %s = add i64 %sum, %v
  store i64 %n, ptr %self
  %r = musttail call swifttailcc i64 @swift(i64 %m, i64 %s, ptr swiftself %self)
  ret i64 %r
end:
  ret i64 %sum
}

define i32 @main() {
  %cell = alloca i64
  store i64 5, ptr %cell
  %a = call i64 @even(i64 1000000, i64 0)
  %b = call tailcc i64 @rotating(i64 1000000, i64 1, i64 2, i64 3, i64 4, i64 5)
  %c = call swifttailcc i64 @swift(i64 1000000, i64 0, ptr swiftself %cell)
  %r = call i32 (ptr, ...) @printf(ptr @format, i64 %a, i64 %b, i64 %c, i32 7)
  ret i32 0
}
