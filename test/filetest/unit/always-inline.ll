; Forced inlining happens at tier 0 too: nothing is left to call.
; RUN: %tiercel run --dump=lowered:caller --stats=%t.json %s 2>&1 | FileCheck %s
; RUN: FileCheck --check-prefix=STATS --input-file=%t.json %s

; CHECK: ; tiercel: lowered: caller
; CHECK-NOT: call i32
; CHECK: ret i32
; main and caller
; STATS: "compiled_tier0": 2,
define internal i32 @forced(i32 %x) alwaysinline {
  %r = mul i32 %x, 3
  ret i32 %r
}

define i32 @caller(i32 %x) {
  %a = call i32 @forced(i32 %x)
  %b = call i32 @forced(i32 %a)
  ret i32 %b
}

define i32 @main() {
  %r = call i32 @caller(i32 0)
  ret i32 %r
}
