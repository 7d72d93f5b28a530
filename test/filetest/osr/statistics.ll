; Entries are counted, one per activation that is left, and so are the continuations that were made for them.
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --stats=%t.json %s
; RUN: FileCheck --input-file=%t.json %s

; CHECK: "compiled_tier0": 2, {{.*}}"osr_entries": 2, {{.*}}"continuations": 2, "osr_excluded": 0
; CHECK: "tier": 0, "functions": 2, {{.*}}"continuations": 0
; CHECK: "tier": 3, "functions": 0, {{.*}}"continuations": 2
define i32 @first(i32 %n) noinline {
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
entry:
  %a = call i32 @first(i32 100)
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 100
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %a, %next
  ret i32 %r
}
