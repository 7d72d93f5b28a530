; Any header of nested loops can be left, whichever chance picks, and the result is the same.
; RUN: %tiercel run --tier=0 %s >%t.expected
; RUN: %tiercel run --mode=osr-always:1 --log=debug --stats=%t.json %s 2>%t.log >%t.1
; RUN: diff %t.expected %t.1
; RUN: FileCheck --input-file=%t.log %s
; RUN: FileCheck --check-prefix=STATS --input-file=%t.json %s
; RUN: %tiercel run --mode=osr-always:2 %s | diff %t.expected -
; RUN: %tiercel run --mode=osr-always:3 %s | diff %t.expected -
; RUN: %tiercel run --mode=osr-always:4 %s | diff %t.expected -

; One continuation per header, made once.
; CHECK: published nest, tier 0
; CHECK: continuation of nest at tier
; CHECK-NOT: failed
; STATS: "osr_entries": 20, {{.*}}"continuations": {{[1-3]}},
define i32 @nest(i32 %n) noinline {
entry:
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i1, %outer_latch ]
  %x = phi i32 [ 1, %entry ], [ %x3, %outer_latch ]
  br label %middle
middle:
  %j = phi i32 [ 0, %outer ], [ %j1, %middle_latch ]
  %x1 = phi i32 [ %x, %outer ], [ %x3, %middle_latch ]
  br label %inner
inner:
  %k = phi i32 [ 0, %middle ], [ %k1, %inner ]
  %x2 = phi i32 [ %x1, %middle ], [ %x3, %inner ]
  %m = mul i32 %x2, 31
  %a = xor i32 %m, %i
  %b = add i32 %a, %j
  %x3 = xor i32 %b, %k
  %k1 = add i32 %k, 1
  %mk = icmp ult i32 %k1, %n
  br i1 %mk, label %inner, label %middle_latch
middle_latch:
  %j1 = add i32 %j, 1
  %mj = icmp ult i32 %j1, %n
  br i1 %mj, label %middle, label %outer_latch
outer_latch:
  %i1 = add i32 %i, 1
  %mi = icmp ult i32 %i1, %n
  br i1 %mi, label %outer, label %done
done:
  ret i32 %x3
}

declare i32 @printf(ptr, ...)
@format = private constant [4 x i8] c"%u\0A\00"

define i32 @main() {
  call void @repeat(i32 20)
  ret i32 0
}
define void @repeat(i32 %n) noinline {
  %end = icmp eq i32 %n, 0
  br i1 %end, label %done, label %more
more:
  %r = call i32 @nest(i32 30)
  %p = call i32 (ptr, ...) @printf(ptr @format, i32 %r)
  %m = sub i32 %n, 1
  call void @repeat(i32 %m)
  ret void
done:
  ret void
}
