; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; fastcc, coldcc, swiftcc with its context register, nest, sret, byval, aggregate results, odd integers.
target triple = "x86_64-pc-linux-gnu"
%big = type { i64, double, [3 x i32] }
@format = private constant [14 x i8] c"%lld %lld %f\0A\00"
declare i32 @printf(ptr, ...)

define internal fastcc i64 @fast(i64 %a, double %b, i17 %c, i1 %d, <4 x float> %v) noinline {
  %c64 = sext i17 %c to i64
  %d64 = zext i1 %d to i64
  %bi = fptosi double %b to i64
  %v2 = extractelement <4 x float> %v, i32 2
  %vi = fptosi float %v2 to i64
  %s1 = add i64 %a, %c64
  %s2 = add i64 %s1, %d64
  %s3 = add i64 %s2, %bi
  %s4 = add i64 %s3, %vi
  ret i64 %s4
}
define internal coldcc i64 @cold(i64 %a) noinline {
  %r = mul i64 %a, 3
  ret i64 %r
}
define internal i64 @nested(ptr nest %frame, i64 %x) noinline {
  %v = load i64, ptr %frame
  %r = add i64 %v, %x
  ret i64 %r
}
define internal swiftcc i64 @swift(i64 %x, ptr swiftself %self) noinline {
  %v = load i64, ptr %self
  %r = sub i64 %x, %v
  ret i64 %r
}
define internal void @structured(ptr sret(%big) %out, ptr byval(%big) align 8 %in) noinline {
  %p = getelementptr %big, ptr %in, i64 0, i32 0
  %v = load i64, ptr %p
  %w = add i64 %v, 1
  store i64 %w, ptr %p
  %copy = load %big, ptr %in
  store %big %copy, ptr %out
  ret void
}
define internal { i64, double, i64, i32 } @aggregate(i64 %x) noinline {
  %d = sitofp i64 %x to double
  %t = trunc i64 %x to i32
  %1 = insertvalue { i64, double, i64, i32 } undef, i64 %x, 0
  %2 = insertvalue { i64, double, i64, i32 } %1, double %d, 1
  %3 = insertvalue { i64, double, i64, i32 } %2, i64 2, 2
  %4 = insertvalue { i64, double, i64, i32 } %3, i32 %t, 3
  ret { i64, double, i64, i32 } %4
}
define i32 @main() {
entry:
  %cell = alloca i64
  %in = alloca %big
  %out = alloca %big
  store i64 11, ptr %cell
  store %big { i64 5, double 2.5, [3 x i32] [i32 1, i32 2, i32 3] }, ptr %in
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %sum5, %loop ]
  %small = trunc i64 %i to i17
  %bit = trunc i64 %i to i1
  %d = sitofp i64 %i to double
  %a = call fastcc i64 @fast(i64 %i, double %d, i17 %small, i1 %bit, <4 x float> <float 1.0, float 2.0, float 3.0, float 4.0>)
  %b = call coldcc i64 @cold(i64 %a)
  %c = call i64 @nested(ptr nest %cell, i64 %b)
  %e = call swiftcc i64 @swift(i64 %c, ptr swiftself %cell)
  %g = call { i64, double, i64, i32 } @aggregate(i64 %e)
  %g0 = extractvalue { i64, double, i64, i32 } %g, 0
  %g2 = extractvalue { i64, double, i64, i32 } %g, 2
  %g3 = extractvalue { i64, double, i64, i32 } %g, 3
  %g4 = sext i32 %g3 to i64
  call void @structured(ptr sret(%big) %out, ptr byval(%big) align 8 %in)
  %o = load i64, ptr %out
  %sum1 = add i64 %sum, %g0
  %sum2 = add i64 %sum1, %g2
  %sum3 = add i64 %sum2, %g4
  %sum4 = add i64 %sum3, %o
  %sum5 = xor i64 %sum4, %i
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20000
  br i1 %more, label %loop, label %end
end:
  %kept = load i64, ptr %in
  %fp = getelementptr %big, ptr %out, i64 0, i32 1
  %f = load double, ptr %fp
  %r = call i32 (ptr, ...) @printf(ptr @format, i64 %sum5, i64 %kept, double %f)
  ret i32 0
}
