; Tier 0 looks at one word at the entry and at each loop header; only while it is set, calls and iterations are counted.
; RUN: %tiercel run --dump=lowered:count %s 2>&1 | FileCheck %s
; RUN: %tiercel run --no-osr --no-profile --dump=lowered:count %s 2>&1 | FileCheck --check-prefixes=CHECK,PLAIN %s
; RUN: %tiercel run --tier=0 --dump=lowered:count %s 2>&1 | FileCheck --check-prefix=FIXED %s

; CHECK: @"#c[[ID:[0-9a-f]+]]" = external dso_local global [3 x i32], align 4
; CHECK: define i32 @"count#e[[ID]]"({{.*}})
; PLAIN-NEXT: entry:
; PLAIN-NEXT: %slot = alloca i32
; CHECK: [[POLL:%.+]] = load i32, ptr @"#c[[ID]]"
; CHECK-NEXT: [[SET:%.+]] = icmp ne i32 [[POLL]], 0
; CHECK-NEXT: br i1 [[SET]],
; CHECK: loop:
; CHECK: load i32, ptr @"#c[[ID]]"
; CHECK: done:
; CHECK: [[CALLS:%.+]] = sub i32 {{.+}}
; CHECK-NEXT: store i32 [[CALLS]], ptr getelementptr inbounds ([3 x i32], ptr @"#c[[ID]]", i32 0, i32 1),
; CHECK-NEXT: icmp eq i32 [[CALLS]], 0
; CHECK: call ptr @"#r0"(i32 [[#CALL:]], i32 0, i32 {{[0-9]+}})
; CHECK: [[LOOPS:%.+]] = sub i32 {{.+}}
; CHECK-NEXT: store i32 [[LOOPS]], ptr getelementptr inbounds ([3 x i32], ptr @"#c[[ID]]", i32 0, i32 2),
; CHECK-NEXT: icmp sle i32 [[LOOPS]], 0
; CHECK: call ptr @"#r0"(i32 [[#CALL+1]], i32 0, i32 {{[0-9]+}})
; PLAIN-NOT: call i32 %

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
