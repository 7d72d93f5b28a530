; Tier 0 counts calls at the entry and iterations at each loop header, while the first word says so.
; RUN: %tiercel run --dump=lowered:count %s 2>&1 | FileCheck %s
; RUN: %tiercel run --tier=0 --dump=lowered:count %s 2>&1 | FileCheck --check-prefix=FIXED %s

; CHECK: @"#c[[ID:[0-9a-f]+]]" = external dso_local global [3 x i32], align 4
; CHECK: define i32 @"count#e[[ID]]"({{.*}})
; CHECK: %slot = alloca i32
; CHECK: load i32, ptr @"#c[[ID]]"
; CHECK-DAG: [[CALLS:%.+]] = sub i32 {{.+}}
; CHECK-DAG: store i32 [[CALLS]], ptr getelementptr inbounds ([3 x i32], ptr @"#c[[ID]]", i32 0, i32 1),
; CHECK-DAG: [[LOOPS:%.+]] = sub i32 {{.+}}
; CHECK-DAG: store i32 [[LOOPS]], ptr getelementptr inbounds ([3 x i32], ptr @"#c[[ID]]", i32 0, i32 2),
; CHECK-DAG: call ptr @"#r0"(i32 [[#CALL:]], i32 0)
; CHECK-DAG: call ptr @"#r0"(i32 [[#CALL+1]], i32 0)

; Code that stays does not count.
; FIXED: define i32 @"count#e
; FIXED-NOT: #c
; FIXED-NOT: #r0
; FIXED: ret i32
define i32 @count(i32 %n) {
entry:
  %slot = alloca i32
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  store i32 %i, ptr %slot
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %r = load i32, ptr %slot
  ret i32 %r
}

define i32 @main() {
  %r = call i32 @count(i32 1)
  ret i32 %r
}
