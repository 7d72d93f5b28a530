; --only and --cold hold for running loops as they do for calls, also in the test mode.
; RUN: %tiercel run --mode=osr-always --only='hot_*' --log=debug %s 2>&1 | FileCheck --implicit-check-not='continuation of cold' %s
; RUN: %tiercel run --mode=osr-always --cold=cold --log=debug %s 2>&1 | FileCheck --implicit-check-not='continuation of cold' %s
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --only='hot_*' --log=debug %s 2>&1 \
; RUN:   | FileCheck --check-prefixes=CHECK,REFUSED --implicit-check-not='continuation of cold' %s

; CHECK: continuation of hot_one at tier
; REFUSED: not promoting cold: not in the set of functions allowed to be optimised
define i32 @hot_one(i32 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %next
}
define i32 @cold(i32 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %next
}
define i32 @main() {
  %a = call i32 @hot_one(i32 100)
  %b = call i32 @cold(i32 100)
  %r = sub i32 %a, %b
  ret i32 %r
}
