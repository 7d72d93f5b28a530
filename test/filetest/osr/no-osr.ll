; --no-osr: the loop ends in the code it began in; the next call has the better one. A fixed tier never leaves a loop.
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --no-osr --log=debug --stats=%t.json %s 2>&1 \
; RUN:   | FileCheck --implicit-check-not='continuation of' %s
; RUN: FileCheck --check-prefix=NONE --input-file=%t.json %s
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --log=debug --stats=%t.osr %s 2>&1 | FileCheck --check-prefix=OSR %s
; RUN: FileCheck --check-prefix=SOME --input-file=%t.osr %s
; RUN: %tiercel run --tier=2 --stats=%t.fixed %s
; RUN: FileCheck --check-prefix=NONE --input-file=%t.fixed %s

; CHECK: promoting main to tier 3: loop iterations reached the threshold
; CHECK: published main, tier 3
; NONE: "osr_entries": 0, {{.*}}"continuations": 0,
; OSR: promoting main to tier 3: loop iterations reached the threshold in a function that is seldom entered
; OSR: continuation of main at tier 3: {{[0-9]+}} bytes in {{.*}} ms
; SOME: "osr_entries": 1, {{.*}}"continuations": 1,
define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 100
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %next, 100
  ret i32 %r
}
