; The exact call and iteration that promote: --sync decides the same in every run.
; RUN: %tiercel run --sync --policy=threshold --threshold=6 --log=info %s 2>&1 | FileCheck --allow-empty --implicit-check-not=promoting %s
; RUN: %tiercel run --sync --policy=threshold --threshold=5 --loop-threshold=1000 --log=info %s 2>&1 | FileCheck --check-prefix=CALLS --implicit-check-not='promoting main' %s
; RUN: %tiercel run --sync --policy=threshold --threshold=1000 --loop-threshold=5 --log=info %s 2>&1 | FileCheck --check-prefix=LOOPS --implicit-check-not='promoting called' %s
; RUN: %tiercel run --sync --policy=threshold --threshold=1000 --loop-threshold=6 --log=info %s 2>&1 | FileCheck --allow-empty --implicit-check-not=promoting %s

; CALLS: promoting called to tier 1: calls reached the threshold
; LOOPS: promoting main to tier 3: loop iterations reached the threshold
define i32 @called(i32 %x) {
  ret i32 %x
}

define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %a = call i32 @called(i32 0)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 5
  br i1 %more, label %loop, label %done
done:
  ret i32 %a
}
