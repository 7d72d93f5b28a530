; A function that keeps one version has no polls and is not left; one whose block addresses stay inside is, with its table.
; RUN: %tiercel run --mode=osr-always --log=debug %s 2>&1 | FileCheck --implicit-check-not='continuation of keeps' %s

; CHECK-DAG: pinned keeps: addresses of its blocks may outlive one activation
; CHECK-DAG: continuation of jumps at tier
@place = global ptr null
@table = internal constant [2 x ptr] [ptr blockaddress(@jumps, %again), ptr blockaddress(@jumps, %done)]

define i32 @keeps(i32 %n) noinline {
entry:
  store ptr blockaddress(@keeps, %loop), ptr @place
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  %p = load ptr, ptr @place
  %target = select i1 %more, ptr %p, ptr blockaddress(@keeps, %done)
  indirectbr ptr %target, [label %loop, label %done]
done:
  ret i32 %next
}
define i32 @jumps(i32 %n) noinline {
entry:
  br label %again
again:
  %i = phi i32 [ 0, %entry ], [ %next, %again ]
  %next = add i32 %i, 1
  %end = icmp sge i32 %next, %n
  %index = zext i1 %end to i64
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %index
  %target = load ptr, ptr %slot
  indirectbr ptr %target, [label %again, label %done]
done:
  ret i32 %next
}
define i32 @main() {
  %a = call i32 @keeps(i32 100)
  %b = call i32 @jumps(i32 100)
  %r = sub i32 %a, %b
  ret i32 %r
}
