; With --sync the loop is left at exactly the iteration at which its counter runs out, and not one before.
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --log=debug %s 2>&1 | FileCheck %s
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=11 --log=debug %s 2>&1 | FileCheck --allow-empty --check-prefix=NEVER %s

; CHECK: promoting main to tier 3: loop iterations reached the threshold in a function that is seldom entered
; CHECK: continuation of main at tier 3
; NEVER-NOT: continuation of main
define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 10
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %next, 10
  ret i32 %r
}
