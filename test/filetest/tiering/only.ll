; --only names what may be promoted; the log says so of both.
; RUN: %tiercel run --sync --policy=threshold --threshold=3 --only='hot_*' --log=debug %s 2>&1 | FileCheck --implicit-check-not='promoting cold' %s
; RUN: %tiercel run --sync --policy=threshold --threshold=3 --only='hot_*' --log=info %s 2>&1 | FileCheck --check-prefix=INFO --implicit-check-not=cold %s

; CHECK: published cold, tier 0
; CHECK: not promoting cold: not in the set of functions allowed to be optimised
; CHECK: promoting hot_one to tier 1: calls reached the threshold
; CHECK: published hot_one, tier 1
; INFO: tiercel: info: promoting hot_one to tier 1: calls reached the threshold
define i32 @hot_one(i32 %x) {
  %r = xor i32 %x, 1
  ret i32 %r
}

define i32 @cold(i32 %x) {
  %r = xor i32 %x, 1
  ret i32 %r
}

define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %a = call i32 @cold(i32 %i)
  %b = call i32 @hot_one(i32 %a)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 5
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %b, 4
  ret i32 %r
}
