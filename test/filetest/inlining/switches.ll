; The top tier inlines what the hot function calls; the switches leave that out, and the log of decisions says so.
; RUN: %tiercel run --tier=3 --dump=inlining:main %s 2>&1 | FileCheck %s
; RUN: %tiercel run --tier=3 --no-inline --dump=inlining:main %s 2>&1 | FileCheck --check-prefix=ALONE %s
; RUN: %tiercel run --tier=2 --dump=inlining %s 2>&1 | FileCheck --allow-empty --check-prefix=BELOW %s

; CHECK: tiercel: inlining: main
; CHECK-DAG: inlined square in main: {{.*}}cost=
; CHECK-DAG: kept    apart in main: {{.*}}
; ALONE: tiercel: inlining: main
; ALONE-NOT: inlined square
; ALONE: kept    square in main: {{.*}}definition is unavailable
; Below the top tier nobody asks the inliner.
; BELOW-NOT: inlining
define i32 @square(i32 %x) {
  %r = mul i32 %x, %x
  ret i32 %r
}
define i32 @apart(i32 %x) noinline {
  %r = add i32 %x, 1
  ret i32 %r
}
define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %s = phi i32 [ 0, %entry ], [ %s1, %loop ]
  %a = call i32 @square(i32 %i)
  %s1 = add i32 %s, %a
  %next = call i32 @apart(i32 %i)
  %more = icmp slt i32 %next, 10
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %s1, 285
  ret i32 %r
}
