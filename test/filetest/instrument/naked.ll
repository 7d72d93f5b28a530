; Nothing is added to a function that is all assembly.
; RUN: %tiercel run --dump=lowered:bare %s 2>&1 | FileCheck %s

; CHECK: define i32 @"bare#e
; CHECK-NEXT: call void asm sideeffect
; CHECK-NEXT: unreachable
; CHECK-NOT: #c
define i32 @bare() naked noinline {
  call void asm sideeffect "xorl %eax, %eax\0Aret", ""()
  unreachable
}

define i32 @main() {
  %r = call i32 @bare()
  ret i32 %r
}
