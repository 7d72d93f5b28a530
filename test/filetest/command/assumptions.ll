; What code takes for granted is written down as it means something in every process: twice the same.
; RUN: %tiercel run --tier=3 --dump=assumptions:main %s > %t.1 2>&1
; RUN: FileCheck %s < %t.1
; RUN: %tiercel run --tier=3 --dump=assumptions:main %s > %t.2 2>&1
; RUN: cmp %t.1 %t.2

; CHECK: ; tiercel: assumptions: main
; CHECK-NEXT: cpu {{[0-9a-f]+$}}
; CHECK-NEXT: body copied of {{[0-9a-f]+: [0-9a-f]+$}}
; CHECK-NEXT: claims said: function nounwind, function willreturn, result range(i32 0, 9): {{[0-9a-f]+$}}
; CHECK-NEXT: data number: align 4, near{{$}}
; CHECK-NEXT: data table of {{[0-9a-f]+}}: align 4, near, constant, value {{[0-9a-f]+$}}
; CHECK-NEXT: name hook: absent
; CHECK-NEXT: name labs: outside the program

@number = global i32 1
@table = internal constant [2 x i32] [i32 3, i32 4], align 4
declare i64 @labs(i64)
declare extern_weak void @hook()

define internal i32 @copied(i32 %x) alwaysinline {
  %r = add i32 %x, 1
  ret i32 %r
}

define range(i32 0, 9) i32 @said(i32 %x) noinline nounwind willreturn {
  ret i32 %x
}

define i32 @main() {
  %n = load i32, ptr @number
  %p = getelementptr i32, ptr @table, i32 %n
  %t = load i32, ptr %p
  %a = call i32 @said(i32 %t)
  %b = call i32 @copied(i32 %a)
  %c = call i64 @labs(i64 -5)
  %d = trunc i64 %c to i32
  %e = sub i32 %b, %d
  %f = icmp ne ptr @hook, null
  %g = zext i1 %f to i32
  %h = add i32 %e, %g
  ret i32 %h
}
