; A fixed tier compiles everything once, at that tier, and promotes nothing.
; RUN: %tiercel run --tier=0 --threshold=1 --stats=%t.0 %s
; RUN: FileCheck --check-prefixes=CHECK,T0 --input-file=%t.0 %s
; RUN: %tiercel run --tier=3 --threshold=1 --stats=%t.3 %s
; RUN: FileCheck --check-prefixes=CHECK,T3 --input-file=%t.3 %s

; CHECK: "promoted": 0,
; T0: {"tier": 0, "functions": 2,
; T0: {"tier": 3, "functions": 0,
; T3: {"tier": 0, "functions": 0,
; T3: {"tier": 3, "functions": 2,
define i32 @called(i32 %x) noinline {
  ret i32 %x
}

define i32 @main() {
  %a = call i32 @called(i32 0)
  %b = call i32 @called(i32 %a)
  ret i32 %b
}
