; What tier 0 counted guides the top tier: branch weights, and a direct call of the frequent target behind a comparison.
; --no-profile and --no-promote-indirect leave that out.
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --threshold=1000 --dump=lowered:work %s 2>&1 \
; RUN:   | FileCheck --check-prefixes=COUNTS,PROFILE,DIRECT %s
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --threshold=1000 --no-promote-indirect --dump=lowered:work %s 2>&1 \
; RUN:   | FileCheck --check-prefixes=COUNTS,PROFILE --implicit-check-not='icmp eq ptr %{{[a-z]+}}, @"often#f' %s
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --threshold=1000 --no-profile --dump=lowered:work %s 2>&1 \
; RUN:   | FileCheck --check-prefix=NONE --implicit-check-not='!prof' --implicit-check-not='@"#n' --implicit-check-not='@"often#f' %s

; COUNTS: ; tiercel: lowered: work
; COUNTS: @"#n[[ID:[0-9a-f]+]]" = {{.*}} zeroinitializer
; COUNTS: @"#v[[ID]]" = {{.*}} zeroinitializer
; PROFILE: ; tiercel: lowered: work
; DIRECT: icmp eq ptr {{.*}}, @"often#f
; PROFILE: !prof
; NONE: ; tiercel: lowered: work
; NONE: ; tiercel: lowered: work
@table = global [2 x ptr] [ptr @often, ptr @seldom]

define i32 @often(i32 %x) {
  %r = add i32 %x, 1
  ret i32 %r
}
define i32 @seldom(i32 %x) {
  %r = add i32 %x, 2
  ret i32 %r
}
define i32 @work(i32 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %s = phi i32 [ 0, %entry ], [ %s1, %latch ]
  %rare = icmp eq i32 %i, 7
  %index = zext i1 %rare to i64
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %index
  %callee = load ptr, ptr %slot
  %s1 = call i32 %callee(i32 %s)
  %odd = trunc i32 %i to i1
  br i1 %odd, label %extra, label %latch
extra:
  store volatile i32 %s1, ptr @sink
  br label %latch
latch:
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %s1
}
@sink = global i32 0

define i32 @main() {
  %a = call i32 @work(i32 20)
  %r = sub i32 %a, 21
  ret i32 %r
}
